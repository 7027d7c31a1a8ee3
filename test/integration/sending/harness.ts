import { parseEgressAllow } from '../../../src/contract/egress.ts';
import type { Answer, Exchange, ExchangeFailure } from '../../../src/judging/exchange.ts';
import { createSender, type SenderOptions, type SendOptions } from '../../../src/sending/sender.ts';
import type { RenderedRequest } from '../../../src/tokens/render.ts';

/** A sender that may reach loopback. */
export function loopbackSender(options: Partial<SenderOptions> = {}) {
  return createSender({
    allow: parseEgressAllow('127.0.0.1, localhost'),
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
