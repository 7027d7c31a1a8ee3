import type { Failure } from '../../../contract/errors.ts';
import type { Invocation } from '../../../contract/invocation.ts';
import { hasEnded } from '../../../contract/invocation-status.ts';
import type { TokenValue } from '../../../contract/tokens.ts';

const textOf = (value: TokenValue) => (typeof value === 'string' ? value : JSON.stringify(value));

/** An invocation's values in a line: of one token its value, of several each with its name. */
export function tokensLine({ tokens }: Pick<Invocation, 'tokens'>): string {
  const entries = Object.entries(tokens);
  if (entries.length === 1) return entries.map(([, value]) => textOf(value)).join('') || '(empty)';
  return entries.map(([name, value]) => `${name}: ${textOf(value)}`).join(', ') || '(no values)';
}

export const short = (text: string, length = 48) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

/** What went wrong: of what is to be tried again, the last time. */
export function failureOf({
  status,
  error,
  attempts,
}: Pick<Invocation, 'status' | 'error' | 'attempts'>): Failure | null {
  if (hasEnded(status)) return error;
  return status === 'retrying' || status === 'running' ? (attempts.at(-1)?.error ?? null) : null;
}

/** From when it was accepted to its end; `null` while it has none. */
export function wholeMs({ createdAt, finishedAt }: Pick<Invocation, 'createdAt' | 'finishedAt'>): number | null {
  return finishedAt === null ? null : Date.parse(finishedAt) - Date.parse(createdAt);
}

/** Of its requests alone, without waiting. */
export function exchangesMs({ attempts }: Pick<Invocation, 'attempts'>): number | null {
  return attempts.length === 0 ? null : attempts.reduce((sum, { durationMs }) => sum + durationMs, 0);
}
