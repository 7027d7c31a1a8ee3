import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type Endpoint, type LoggedRequest, startEndpoint } from '../../support/endpoints/endpoint.ts';

/** A request as the customer's system saw it. */
export type Seen = {
  invoice: string;
  invocation: string;
  attempt: number;
  key: string;
  /** Unix milliseconds at which it came. */
  at: number;
  /** Was a whole answer handed to the network? */
  answered: boolean;
};

/** The customer's system: its log is what everything is held against. */
export type Customer = {
  url: string;
  seen: readonly Seen[];
  /** Calls `then` when the next request has come, before it is answered. Answers how to stop waiting for it. */
  onRequest(then: () => void): () => void;
  /** Calls `then` when the next answer has been handed to the network. */
  onAnswer(then: () => void): () => void;
  close(): Promise<void>;
};

export const bodyOf = (invoice: string): string => `invoice ${invoice}\n`.repeat(20);

/** Between 0 and 99: the same for the same invoice. */
const luckOf = (invoice: string) => createHash('sha256').update(invoice).digest().readUInt16BE() % 100;

const traceparent = /^00-([0-9a-f]{32})-0*([0-9a-f]+)-01$/;

function read(request: LoggedRequest): Seen {
  const [, trace = '', attempt = ''] = traceparent.exec(request.header('traceparent') ?? '') ?? [];
  return {
    invoice: request.url.slice(request.url.lastIndexOf('/') + 1),
    invocation: trace.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    attempt: Number.parseInt(attempt, 16),
    key: request.header('idempotency-key') ?? '',
    at: Date.now(),
    answered: false,
  };
}

/** Mostly well; now and then slow, busy, or gone in the middle of an answer, but never twice for one invoice. */
export async function startCustomer(): Promise<Customer> {
  const seen: Seen[] = [];
  const failedOnce = new Set<string>();
  const requestListeners = new Set<() => void>();
  const answerListeners = new Set<() => void>();
  const tell = (listeners: Set<() => void>) => {
    for (const listener of listeners) listener();
    listeners.clear();
  };
  const once = (listeners: Set<() => void>) => (then: () => void) => {
    listeners.add(then);
    return () => void listeners.delete(then);
  };

  async function answer(log: Seen, response: ServerResponse): Promise<void> {
    const luck = luckOf(log.invoice);
    if (luck < 9 && !failedOnce.has(log.invoice)) {
      failedOnce.add(log.invoice);
      if (luck < 4) response.writeHead(503, { 'content-type': 'text/plain' }).end('busy');
      else if (luck < 7) response.destroy();
      else {
        response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '1000' });
        response.write('half of an invo', () => response.destroy());
      }
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, luck > 95 ? 1_500 : luck));
    response.writeHead(200, { 'content-type': 'text/plain' }).end(bodyOf(log.invoice), () => {
      log.answered = true;
      tell(answerListeners);
    });
  }

  const endpoint: Endpoint = await startEndpoint(async (request, response) => {
    const log = read(request);
    seen.push(log);
    tell(requestListeners);
    await answer(log, response);
  });
  return {
    url: endpoint.url,
    seen,
    onRequest: once(requestListeners),
    onAnswer: once(answerListeners),
    close: () => endpoint.close(),
  };
}
