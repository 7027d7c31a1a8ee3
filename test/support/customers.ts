import type { ServerResponse } from 'node:http';
import type { CommandBody } from '../../src/contract/command.ts';
import { createCertificateAuthority } from './endpoints/certificates.ts';
import { type LoggedRequest, startEndpoint } from './endpoints/endpoint.ts';
import { freePort } from './ports.ts';

/** A request as a customer's server saw it, and with what it answered: a status, or what it did instead. */
export type Asked = { invoice: string; key: string; answered: number | 'cut off' | 'never' };

/** A customer whose server is reached under a URL of its own. */
export type Customer = { id: string; command: CommandBody };

export type Customers = {
  all: readonly Customer[];
  /** What the server of a customer was asked for, in order. */
  askedOf(id: string): readonly Asked[];
  close(): Promise<void>;
};

/** The server whose credentials can be mended takes this one. */
export const rightKey = 'the-right-api-key';
export const wrongKey = 'the-wrong-api-key';

/** How soon the one that limits itself lets through the next ones, and how many. */
const throttle = { count: 20, perMs: 1_000 };
/** What the overloaded one asks to wait: longer than a test runs. */
export const overloadedSeconds = 600;

type Answer = (request: LoggedRequest, response: ServerResponse) => Asked['answered'];

function invoice({ url }: LoggedRequest, response: ServerResponse): 200 {
  const pdf = `%PDF-1.7\n${url.padEnd(1_000, 'x')}\n%%EOF\n`;
  response.writeHead(200, { 'content-type': 'application/pdf', 'content-length': pdf.length }).end(pdf);
  return 200;
}

function refusal(response: ServerResponse, status: number, headers: Record<string, string> = {}): number {
  response.writeHead(status, headers).end('no');
  return status;
}

function throttled(): Answer {
  const taken: number[] = [];
  return (request, response) => {
    while ((taken[0] ?? request.at) < request.at - throttle.perMs) taken.shift();
    if (taken.length >= throttle.count) return refusal(response, 429, { 'retry-after': '1' });
    taken.push(request.at);
    return invoice(request, response);
  };
}

/** What is wrong with the servers of some customers, by their ids. */
const troubled: Record<string, Answer> = {
  absent: (_, response) => refusal(response, 404),
  'cut-off': (_, response) => {
    response.writeHead(200, { 'content-type': 'application/pdf', 'content-length': 1_000 });
    response.write('%PDF-1.7\n', () => response.destroy());
    return 'cut off';
  },
  failing: (_, response) => refusal(response, 500),
  forbidden: (request, response) =>
    request.header('x-api-key') === rightKey ? invoice(request, response) : refusal(response, 403),
  hangs: () => 'never',
  'login-page': (_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Please sign in</body></html>');
    return 200;
  },
  overloaded: (_, response) => refusal(response, 503, { 'retry-after': String(overloadedSeconds) }),
  slow: (request, response) => {
    setTimeout(invoice, 300, request, response);
    return 200;
  },
  throttled: throttled(),
  unauthorized: (_, response) => refusal(response, 401),
};

/** Invoices as PDFs; twelve customers whose servers are broken, one whose is slow, and healthy ones up to `count`. */
export async function startCustomers(count: number): Promise<Customers> {
  const asked = new Map<string, Asked[]>();
  const endpoint = await startEndpoint((request, response) => {
    const [, id = '', invoiceNumber = ''] = request.url.split('/');
    const answered = (troubled[id] ?? invoice)(request, response);
    const entry = { invoice: invoiceNumber, key: request.header('idempotency-key') ?? '', answered };
    const log = asked.get(id);
    if (log === undefined) asked.set(id, [entry]);
    else log.push(entry);
  });
  const untrusted = createCertificateAuthority('A stranger').issue('localhost');
  const secured = await startEndpoint((_, response) => void response.end(), { tls: untrusted });
  const elsewhere: Record<string, string> = {
    'private-address': 'http://10.0.0.1',
    refuses: `http://127.0.0.1:${await freePort()}`,
    'wrong-certificate': secured.url,
  };
  const ids = [...Object.keys(troubled), ...Object.keys(elsewhere)];
  while (ids.length < count) ids.push(`healthy-${ids.length}`);
  return {
    all: ids.map((id) => ({ id, command: commandOf(id, elsewhere[id] ?? endpoint.url) })),
    askedOf: (id) => asked.get(id) ?? [],
    async close() {
      await Promise.all([endpoint.close(), secured.close()]);
    },
  };
}

/** Impatient, so that what is broken for good shows within seconds. */
function commandOf(id: string, url: string): CommandBody {
  const keyed = id === 'forbidden' || id === 'unauthorized';
  return {
    request: {
      method: 'GET',
      url: `${url}/${id}/{{InvoiceNumber}}`,
      headers: keyed ? [{ key: 'X-Api-Key', value: '{{apiKey}}' }] : [],
    },
    accept: { contentTypes: ['application/pdf'], absentStatuses: [404] },
    timeoutMs: { interactive: 20_000, batch: id === 'hangs' ? 500 : 10_000 },
    retry: { batch: { attempts: 5, baseMs: 200, maxMs: 1_000 } },
  };
}
