import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PDFDocument, StandardFonts } from 'pdf-lib';

export type DemoEndpoint = { url: string; close(): Promise<void> };

/** How many times the flaky invoice is answered with 503 before it is found. */
export const flakyAnswers = 2;

/** A stand-in for a customer's system, on loopback: `POST /invoices/<number>` answers with that invoice as a PDF. */
export async function startDemoEndpoint(invoices: { good: string; flaky: string }): Promise<DemoEndpoint> {
  let refused = 0;
  const server = createServer((request, response) => {
    const number = decodeURIComponent(request.url?.split('/').at(-1) ?? '');
    request.resume();
    request.on('end', async () => {
      if (number === invoices.flaky && refused < flakyAnswers) {
        refused += 1;
        response.writeHead(503, { 'content-type': 'text/plain' }).end('Busy with the nightly backup');
      } else if (number === invoices.good || number === invoices.flaky) {
        const pdf = await invoicePdf(number);
        response.writeHead(200, { 'content-type': 'application/pdf', 'content-length': pdf.byteLength }).end(pdf);
      } else {
        response
          .writeHead(404, { 'content-type': 'application/json' })
          .end(JSON.stringify({ error: 'no such invoice' }));
      }
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function invoicePdf(number: string): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  document.setTitle(`Invoice ${number}`);
  const font = await document.embedFont(StandardFonts.Helvetica);
  const page = document.addPage([595, 842]);
  page.drawText(`Invoice ${number}`, { x: 60, y: 750, size: 28, font });
  page.drawText('Acme Corporation', { x: 60, y: 710, size: 12, font });
  page.drawText('Total due: 12.50 USD', { x: 60, y: 690, size: 12, font });
  return document.save();
}
