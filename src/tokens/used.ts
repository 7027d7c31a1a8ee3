import type { AvailableToken as DescribedToken, PlaceEncoding, UsedToken } from '../contract/command-check.ts';
import { type AvailableToken, availableTokens, closeTo, type TokenNames, type TokenSource } from './names.ts';
import { type Segment, scanTemplate } from './parse.ts';
import { bodyEncodings } from './places/body.ts';
import type { Placed } from './places/place.ts';
import { urlEncodings } from './places/url.ts';

/** Who gives a token's value, in the words of the API. */
export const sourceNames = {
  token: 'command-type',
  variable: 'variable',
  secret: 'secret',
  errand: 'errand',
} as const satisfies Record<TokenSource, DescribedToken['from']>;

type Token = Extract<Segment, { kind: 'token' }>;
type Field = { path: string; placed: readonly Placed[]; tokens: readonly Token[]; isWhole: boolean };

/**
 * Every token that a draft uses, where it stands, as far as that can be told: a draft that is still being written may be
 * wrong in every way, also in its shape.
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

  const use = createUse(available);
  return [
    ...use(url, urlEncodings(url.placed)),
    ...fields.flatMap(({ field }) =>
      use(
        field,
        field.tokens.map(() => 'header'),
      ),
    ),
    ...use(body, encodingsOf(body, type?.field)),
  ];
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

function createUse(available: ReadonlyMap<string, AvailableToken>) {
  const suggested = new Map<string, string[]>();
  const suggestionsFor = (name: string) => {
    const known = suggested.get(name) ?? closeTo(name, available);
    suggested.set(name, known);
    return known;
  };
  return ({ path, tokens }: Field, encodings: readonly (PlaceEncoding | null)[]): UsedToken[] =>
    tokens.map(({ name, offset, end }, index) => {
      const token = available.get(name);
      return {
        path,
        start: offset,
        end,
        name,
        from: token === undefined ? null : sourceNames[token.source],
        encoding: encodings[index] ?? null,
        suggestions: token === undefined ? suggestionsFor(name) : [],
      };
    });
}
