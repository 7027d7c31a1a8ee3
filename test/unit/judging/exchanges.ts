import type { Accept } from '../../../src/contract/command.ts';
import { compileAccept } from '../../../src/judging/accept.ts';
import type { Answer, Exchange, ExchangeFailure } from '../../../src/judging/exchange.ts';
import { judge, type Verdict } from '../../../src/judging/judge.ts';

/** 2026-11-24T02:00:00Z */
export const now = Date.UTC(2026, 10, 24, 2);

export const wholePdf = '%PDF-1.7\nthe invoice\n%%EOF\n';

export function answer(
  status: number,
  parts: { type?: string; body?: string | Uint8Array; headers?: Record<string, string>; framed?: boolean } = {},
): Answer {
  const headers = Object.entries(parts.headers ?? {}).map(([key, value]) => ({ key, value }));
  if (parts.type !== undefined) headers.push({ key: 'content-type', value: parts.type });
  return { kind: 'answer', status, headers, body: Buffer.from(parts.body ?? ''), framed: parts.framed ?? true };
}

export function failure(parts: Partial<ExchangeFailure> & Pick<ExchangeFailure, 'code'>): ExchangeFailure {
  return { kind: 'failure', message: 'It broke.', retryable: true, requestSent: true, ...parts };
}

export function judged(exchange: Exchange, accept: Accept = {}): Verdict {
  return judge(exchange, compileAccept(accept), now);
}
