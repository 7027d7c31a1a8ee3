import type { Tokens, TokenValue } from '../../contract/tokens.ts';

/** A value as text. */
export const textOf = (value: TokenValue) => (typeof value === 'string' ? value : JSON.stringify(value));

/** The values of an invocation in a line: of one token its value, of several each with its name. */
export function tokensLine({ tokens }: { tokens: Tokens }): string {
  const entries = Object.entries(tokens);
  if (entries.length === 1) return entries.map(([, value]) => textOf(value)).join('') || '(empty)';
  return entries.map(([name, value]) => `${name}: ${textOf(value)}`).join(', ') || '(no values)';
}

export const short = (text: string, length = 48) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
