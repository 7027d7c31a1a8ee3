import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { play } from '../play.ts';

/**
 * A customer's server that costs as little as it can: a kilobyte of a PDF, another one for every invoice, since answers
 * that are all the same would be kept only once. Under `/pdfs/` they are as large as invoices are, and under `/slow/` it
 * takes its time.
 */
const answerBytes = 1024;
const pdfBytes = 40_000;
const slowMs = 200;
const head = '%PDF-1.7\n';
const tail = '%%EOF\n';

const server = createServer((request, response) => {
  request.resume();
  const { url = '' } = request;
  const bytes = url.startsWith('/pdfs/') ? pdfBytes : answerBytes;
  const text = (head + url).padEnd(bytes - tail.length, 'x') + tail;
  response.writeHead(200, { 'content-type': 'application/pdf', 'content-length': text.length });
  if (url.startsWith('/slow/')) setTimeout(() => response.end(text, 'latin1'), slowMs);
  else response.end(text, 'latin1');
});

await play({
  start: async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const stop = async () => void server.close();
    return { ready: { url: `http://127.0.0.1:${port}` }, figures: () => null, stop };
  },
});
