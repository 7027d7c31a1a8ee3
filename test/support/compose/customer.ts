import { createServer } from 'node:http';

/**
 * A customer's server in a container of its own: answers `POST /invoices/<number>` with a PDF after a moment, and
 * `GET /seen` with the number and the idempotency key of each request, in the order in which they came.
 */
const answerAfterMs = 60;
const seen: { number: string; key: string }[] = [];

createServer((request, response) => {
  request.resume().once('end', () => {
    if (request.method === 'GET') {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(seen));
      return;
    }
    const number = request.url?.split('/').at(-1) ?? '';
    seen.push({ number, key: String(request.headers['idempotency-key']) });
    setTimeout(() => {
      response.setHeader('content-type', 'application/pdf').end(`%PDF-1.7\n% ${number}\n%%EOF\n`);
    }, answerAfterMs);
  });
}).listen(8080, '0.0.0.0');

process.once('SIGTERM', () => process.exit(0));
