/** A customer clicks VIEW: `GET /customers/{customer}/invoices/{number}` answers with the customer's own PDF of it. */
import { createServer, type ServerResponse } from 'node:http';
import { ApiError, ApiUnreachable } from 'errand/client';
import { command, errand } from './errand.ts';

const server = createServer((request, response) => {
  const [, customer, number] = /^\/customers\/([\w-]+)\/invoices\/([\w-]+)$/.exec(request.url ?? '') ?? [];
  if (customer === undefined || number === undefined) response.writeHead(404).end();
  else void view(customer, number, response);
});

async function view(customer: string, number: string, response: ServerResponse): Promise<void> {
  // Whoever closes the tab waits for nothing; the invocation goes on, and the next click finds its result.
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  try {
    const { result, storedAgeSeconds } = await errand.enqueueForBytes(
      // What is stored of a click before stands in where the customer's server is down.
      { integration: customer, command, tokens: { InvoiceNumber: number }, fallback: 'stored' },
      { waitSeconds: 20, signal: gone.signal },
    );
    if (result === null) say(response, 503, 'The invoice is still being fetched. Try again in a moment.');
    else {
      const age = storedAgeSeconds === null ? {} : { age: String(storedAgeSeconds) };
      const type = result.contentType ?? 'application/octet-stream';
      response.writeHead(200, { 'content-type': type, 'content-security-policy': 'sandbox', ...age }).end(result.bytes);
    }
  } catch (error) {
    if (!gone.signal.aborted) explain(error, response);
  }
}

/** What went wrong, by `type`. `error.message` has the details, and is for your log: the customer cannot mend it. */
function explain(error: unknown, response: ServerResponse): void {
  console.error(String(error));
  if (error instanceof ApiError && error.type === 'not-found') say(response, 404, 'There is no such customer.');
  else if (error instanceof ApiError && error.type === 'invalid') say(response, 404, 'That is no invoice number.');
  else if (error instanceof ApiError && error.type === 'invocation-failed') {
    say(response, 502, 'The invoice cannot be had now.');
  } else if (error instanceof ApiUnreachable) say(response, 503, 'Invoices cannot be had now.');
  else say(response, 500, 'Something is wrong with us.');
}

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(`${text}\n`);
}

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as { port: number }).port}`);
});
