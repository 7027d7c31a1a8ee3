import { PDFDocument, StandardFonts } from 'pdf-lib';
import { type Endpoint, type LoggedRequest, startEndpoint } from '../endpoints/endpoint.ts';

/** What the stand-in customers' servers do, by the first part of the path. */
export type Customers = Endpoint & {
  /** For how long `/slow/…` waits before it answers, in milliseconds. */
  slowMs: number;
  /** Does `/flaky/…` answer 503? */
  flaky: boolean;
};

/**
 * Customers' systems on loopback. `/ok/<number>` has every invoice; `/picky/<number>` lacks those that end in 7 (404) and
 * answers 422 to those that end in 3; `/slow/…` takes its time; `/flaky/…` is down while `flaky`; `/locked/…` answers 401;
 * `/login/…` shows a login page.
 */
export async function startCustomers(): Promise<Customers> {
  const endpoint = await startEndpoint(async (request, response) => {
    const [, kind = '', number = ''] = new URL(request.url, 'http://here').pathname.split('/').map(decodeURIComponent);
    const answer = (status: number, contentType: string, body: string | Uint8Array) =>
      void response.writeHead(status, { 'content-type': contentType }).end(body);
    const json = (status: number, body: unknown) => answer(status, 'application/json', JSON.stringify(body));
    if (kind === 'locked') return json(401, { error: 'the API key is not valid' });
    if (kind === 'login') return answer(200, 'text/html', '<h1>Please log in</h1>');
    if (kind === 'flaky' && customers.flaky) return answer(503, 'text/plain', 'Busy with the nightly backup');
    if (kind === 'picky' && number.endsWith('7')) return json(404, { error: 'no such invoice' });
    if (kind === 'picky' && number.endsWith('3')) return json(422, { error: `invoice ${number} has no customer` });
    if (kind === 'slow') await new Promise((resolve) => setTimeout(resolve, customers.slowMs));
    return answer(200, 'application/pdf', await invoicePdf(number || numberIn(request)));
  });
  const customers: Customers = Object.assign(endpoint, { slowMs: 200, flaky: true });
  return customers;
}

/** The seed's request has the number in its body. */
const numberIn = ({ body }: LoggedRequest) => /INV\d+/.exec(body.toString())?.[0] ?? 'unknown';

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
