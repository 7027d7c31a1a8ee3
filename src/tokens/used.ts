import type { AvailableToken as DescribedToken, PlaceEncoding, UsedToken } from '../contract/command-check.ts';
import { type AvailableToken, availableTokens, closeTo, type TokenNames, type TokenSource } from './names.ts';
import { type Segment, scanTemplate } from './parse.ts';
import { bodyEncodings } from './places/body.ts';
import type { Placed } from './places/place.ts';
import { urlEncodings } from './places/url.ts';

/** Who gives a token's value, in the words of the API. */
const sourceNames = {
  token: 'command-type',
  variable: 'variable',
  secret: 'secret',
  errand: 'errand',
} as const satisfies Record<TokenSource, DescribedToken['from']>;

type Token = Extract<Segment, { kind: 'token' }>;
type Field = { path: string; placed: readonly Placed[]; tokens: readonly Token[]; isWhole: boolean };

/** More than a person writes; a megabyte of them would keep everybody else waiting. */
const maxUsed = 1000;

/**
 * Every token that a draft uses, where it stands, as far as that can be told: a draft that is still being written may be
 * wrong in every way, also in its shape. Of very many the first thousand.
 */
export function usedTokens(draft: unknown, names: TokenNames): UsedToken[] {
  const available = availableTokens(names);
  const read = (path: string, template: unknown) => fieldOf(path, template, available);
  const request = memberOf(draft, 'request');
  const headers = memberOf(request, 'headers');
  const url = read('request.url', memberOf(request, 'url'));
  const fields = (Array.isArray(headers) ? headers : []).map((header: unknown, index) => ({
    key: memberOf(header, 'key'),
    field: read(`request.headers.${index}.value`, memberOf(header, 'value')),
  }));
  const body = read('request.body', memberOf(request, 'body'));
  const type = fields.find(({ key }) => typeof key === 'string' && key.toLowerCase() === 'content-type');

  const placed = [
    ...withEncodings(url, urlEncodings(url.placed)),
    ...fields.flatMap(({ field }) =>
      withEncodings(
        field,
        field.tokens.map(() => 'header'),
      ),
    ),
    ...withEncodings(body, encodingsOf(body, type?.field)),
  ];
  return placed.slice(0, maxUsed).map(createUse(available));
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function fieldOf(path: string, template: unknown, available: ReadonlyMap<string, AvailableToken>): Field {
  if (typeof template !== 'string') return { path, placed: [], tokens: [], isWhole: false };
  const { segments, errors } = scanTemplate(template);
  const placed = segments.map((segment): Placed => {
    if (segment.kind === 'literal') return segment;
    const { name, offset } = segment;
    // Where it stands does not depend on whether there is such a token.
    return { kind: 'token', written: name, token: available.get(name) ?? { name, source: 'token' }, offset };
  });
  return {
    path,
    placed,
    tokens: segments.filter(({ kind }) => kind === 'token') as Token[],
    isWhole: errors.length === 0,
  };
}

/** What a Content-Type that cannot be read, or is not known before it is sent, makes of a body's values is not known either. */
function encodingsOf(body: Field, type: Field | undefined): (PlaceEncoding | null)[] {
  if (type === undefined) return bodyEncodings(body.placed, undefined);
  if (!type.isWhole || type.tokens.length > 0) return body.tokens.map(() => null);
  const text = type.placed.map((one) => (one.kind === 'literal' ? one.text : '')).join('');
  return bodyEncodings(body.placed, text);
}

type Standing = { path: string; token: Token; encoding: PlaceEncoding | null };

function withEncodings({ path, tokens }: Field, encodings: readonly (PlaceEncoding | null)[]): Standing[] {
  return tokens.map((token, index) => ({ path, token, encoding: encodings[index] ?? null }));
}

function createUse(available: ReadonlyMap<string, AvailableToken>): (standing: Standing) => UsedToken {
  const suggested = new Map<string, string[]>();
  const suggestionsFor = (name: string) => {
    const known = suggested.get(name) ?? closeTo(name, available);
    suggested.set(name, known);
    return known;
  };
  return ({ path, token: { name, offset, end }, encoding }) => {
    const token = available.get(name);
    const from = token === undefined ? null : sourceNames[token.source];
    const suggestions = token === undefined ? suggestionsFor(name) : [];
    return { path, start: offset, end, name, from, encoding, suggestions };
  };
}
