import { useState } from 'react';
import type { AvailableToken } from '../../../contract/command-check.ts';
import type { Tokens, TokenValue } from '../../../contract/tokens.ts';
import type { Checking } from './use-checking.ts';

export type Sample = { name: string; value: string; token: AvailableToken };

export type Samples = {
  /** One for each token that an invocation would have to supply, aliases folded onto their names. */
  fields: readonly Sample[];
  tokens: Tokens;
  set: (name: string, value: string) => void;
};

/** Values to try a draft with: the examples, until somebody writes others. */
export function useSamples({ available, used }: Checking): Samples {
  const [written, setWritten] = useState<Readonly<Record<string, string>>>({});
  const byName = new Map(available.map((token) => [token.name, token]));
  const canonical = (name: string) => byName.get(byName.get(name)?.aliasOf ?? name);
  const needed = new Set([
    ...available.filter(({ from, required }) => from === 'command-type' && required).map(({ name }) => name),
    ...used.filter(({ from }) => from === 'command-type').map(({ name }) => canonical(name)?.name ?? name),
  ]);
  const fields = [...needed].flatMap((name): Sample[] => {
    const token = byName.get(name);
    return token?.from === 'command-type' ? [{ name, token, value: written[name] ?? token.example ?? '' }] : [];
  });
  const asJson = new Set(
    used.filter(({ encoding }) => encoding === 'json-value').map(({ name }) => canonical(name)?.name ?? name),
  );
  const given = fields.filter(({ value }) => value !== '');
  return {
    fields,
    tokens: Object.fromEntries(given.map(({ name, value }) => [name, asJson.has(name) ? structured(value) : value])),
    set: (name, value) => setWritten((before) => ({ ...before, [name]: value })),
  };
}

/** A list or an object where one may stand. All else is sent as it is written: numbers keep their digits. */
function structured(text: string): TokenValue {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as TokenValue;
  } catch {
    return text;
  }
}
