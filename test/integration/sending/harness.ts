import { afterEach } from 'vitest';
import { parseEgressAllow } from '../../../src/contract/egress.ts';
import type { Answer, Exchange, ExchangeFailure } from '../../../src/judging/exchange.ts';
import { createSender, type SenderOptions, type SendOptions } from '../../../src/sending/sender.ts';
import type { RenderedRequest } from '../../../src/tokens/render.ts';
import { type EndpointHandler, startEndpoint } from '../../support/endpoints/endpoint.ts';
import { type RawScript, startRawEndpoint } from '../../support/endpoints/raw-endpoint.ts';

/** A sender that may reach loopback. */
export function loopbackSender(options: Partial<SenderOptions> = {}) {
  return createSender({
    allow: parseEgressAllow('127.0.0.1, localhost'),
    own: () => [],
    maxBufferedBytes: 64 * 1024 * 1024,
    userAgent: 'errand/test',
    ...options,
  });
}

export const limits: SendOptions = { timeoutMs: 5000, connectTimeoutMs: 2000, maxBytes: 1024 * 1024 };

export function request(url: string, options: Partial<RenderedRequest> = {}): RenderedRequest {
  return { method: 'GET', url, headers: [], body: undefined, ...options };
}

export function answered(exchange: Exchange): Answer {
  if (exchange.kind !== 'answer') throw new Error(`failed: ${exchange.code}: ${exchange.message}`);
  return exchange;
}

export function failed(exchange: Exchange): ExchangeFailure {
  if (exchange.kind !== 'failure') throw new Error(`answered ${exchange.status}`);
  return exchange;
}

export const textOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('latin1');

/** Senders and endpoints that are closed after each test, the last one first. */
export function closedAfterEach() {
  const cleanUp: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of cleanUp.splice(0).reverse()) await close();
  });
  return {
    senderWith(options: Partial<SenderOptions> = {}) {
      const sender = loopbackSender(options);
      cleanUp.push(() => sender.close());
      return sender;
    },
    async serve(handler: EndpointHandler) {
      const endpoint = await startEndpoint(handler);
      cleanUp.push(endpoint.close);
      return endpoint;
    },
    async serveRaw(script: RawScript) {
      const endpoint = await startRawEndpoint(script);
      cleanUp.push(endpoint.close);
      return endpoint;
    },
  };
}

export const hello: EndpointHandler = (_request, response) => void response.end('hello');
