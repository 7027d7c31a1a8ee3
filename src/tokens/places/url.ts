import type { PlaceEncoding } from '../../contract/command-check.ts';
import { encodeUrlText, unfinishedEscapes } from './percent.ts';
import { type CompiledField, type Encode, type Hole, mask, type Pieces, type Placed, uniform } from './place.ts';

/**
 * A compiled URL: the origin (scheme, host and port, or a base URL variable that may bring the start of the path), the
 * path, and the query with its `?`.
 */
export type CompiledUrl = {
  readonly origin: Pieces;
  readonly path: Pieces;
  readonly query: Pieces;
  /** The URL is one variable and nothing else; only then may that variable hold a query. */
  readonly whole: boolean;
};

/** `.` or `..` as a whole segment, which the URL parser would walk by, also where percent-encoded (WHATWG URL §4.1). */
export const dotSegment = /(?:^|\/)(?:\.|%2e){1,2}(?=\/|$)/i;

/**
 * Splits a URL template by its literals and gives every token the encoder of its part (contract §5). What the parser
 * would change in a literal is percent-encoded here, so that the sent URL is the template's to the byte.
 */
export function compileUrl(placed: readonly Placed[]): CompiledField<CompiledUrl> {
  const errors = literalErrors(placed);
  const { origin, path, query } = split(placed);
  errors.push(...originErrors(origin), ...unfinishedEscapes(path), ...unfinishedEscapes(query));
  const compiledPath = uniform(path.map(encodeLiteral), encodeUrlText);
  for (const run of literalSegments(compiledPath)) {
    if (dotSegment.test(run)) errors.push('has a path segment "." or "..": write the path that is meant');
  }
  if (errors.length > 0) return { ok: false, errors: [...new Set(errors)] };
  const compiled: CompiledUrl = {
    origin: compileOrigin(origin),
    path: compiledPath,
    query: uniform(query.map(encodeLiteral), encodeUrlText),
    whole: placed.length === 1 && placed[0]?.kind === 'token',
  };
  const literal = literalOriginError(compiled.origin);
  return literal === null ? { ok: true, compiled } : { ok: false, errors: [literal] };
}

/** How each token of a URL is written, whatever else is wrong with it; `null` where the template does not tell. */
export function urlEncodings(placed: readonly Placed[]): (PlaceEncoding | null)[] {
  const { origin, path, query } = split(placed);
  const tokensOf = (part: readonly Placed[]) => part.filter(({ kind }) => kind === 'token');
  return [
    ...tokensOf(origin).map(() => (beginsAsUrl(withoutTokens(origin)) ? 'url-base' : null)),
    ...tokensOf(path).map(() => 'url-path' as const),
    ...tokensOf(query).map(() => 'url-query' as const),
  ];
}

/** Whole path segments without a token, each with its slashes; what stands beside a token is for the run to check. */
function literalSegments(path: Pieces): string[] {
  return path
    .map((piece) => (typeof piece === 'string' ? piece : '{}'))
    .join('')
    .split('/')
    .filter((segment) => !segment.includes('{}'));
}

function literalErrors(placed: readonly Placed[]): string[] {
  const text = withoutTokens(placed);
  const errors: string[] = [];
  if (text !== text.trim()) errors.push('must not begin or end with a space');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f]/.test(text)) errors.push('must not hold a line break, tab or other control character');
  if (text.includes('\\')) errors.push('must not hold a backslash: write "/", or "%5C" for a backslash in a name');
  if (text.includes('#')) {
    errors.push('must not have a fragment ("#…"), which is never sent: remove it, or write "%23" for a "#" in a name');
  }
  return errors;
}

type Parts = { origin: Placed[]; path: Placed[]; query: Placed[] };

/** The origin ends at the first `/` or `?` after `://`; where a base URL variable leads, at the first of the template. */
function split(placed: readonly Placed[]): Parts {
  const parts: Parts = { origin: [], path: [], query: [] };
  let part: keyof Parts = 'origin';
  let scheme = !startsWithBase(placed);
  for (const one of placed) {
    if (one.kind === 'token') {
      parts[part].push(one);
      continue;
    }
    let { text } = one;
    const push = (end: number) => {
      if (end > 0) parts[part].push({ ...one, text: text.slice(0, end) });
      text = text.slice(end);
    };
    if (part === 'origin') {
      const slashes = scheme ? text.indexOf('://') : -1;
      if (slashes !== -1) scheme = false;
      const from = slashes === -1 ? 0 : slashes + 3;
      const end = scheme ? -1 : text.slice(from).search(/[/?]/);
      push(end === -1 ? text.length : from + end);
      if (end !== -1) part = text.startsWith('?') ? 'query' : 'path';
    }
    if (part === 'path') {
      const end = text.indexOf('?');
      push(end === -1 ? text.length : end);
      if (end !== -1) part = 'query';
    }
    if (part === 'query') push(text.length);
  }
  return parts;
}

/** Does a variable stand at the start that brings scheme and host, rather than the scheme alone (`{{scheme}}://`)? */
function startsWithBase(placed: readonly Placed[]): boolean {
  if (placed[0]?.kind !== 'token') return false;
  const next = placed.find((one) => one.kind === 'literal');
  return next?.kind !== 'literal' || !next.text.startsWith('://');
}

const withoutTokens = (placed: readonly Placed[]) =>
  placed.map((one) => (one.kind === 'literal' ? one.text : '{}')).join('');

const beginsAsUrl = (text: string) => text.startsWith('{}') || /^https?:\/\//i.test(text);

function originErrors(origin: readonly Placed[]): string[] {
  const text = withoutTokens(origin);
  if (!beginsAsUrl(text)) {
    return ['must begin with http:// or https://, or with a variable that does'];
  }
  const errors: string[] = [];
  if (/^https?:\/\/$/i.test(text)) errors.push('has no host after "://"');
  if (text.includes('@')) errors.push('must not hold user:password@: use an Authorization header with a secret');
  for (const one of origin) {
    if (one.kind === 'token' && (one.token.source === 'token' || one.token.source === 'errand')) {
      errors.push(
        `has \`{{${one.written}}}\` in its scheme, host or port, where only variables and secrets may stand: ` +
          'tokens go after the first "/" behind the host',
      );
    }
  }
  return errors;
}

function literalOriginError(origin: Pieces): string | null {
  if (origin.some((piece) => typeof piece !== 'string')) return null;
  return URL.canParse(`${origin.join('')}/`) ? null : 'is not a URL: look at its host and port';
}

/** Percent-encodes what the URL parser would: one set for path and query, a superset of both (WHATWG URL §1.3). */
function encodeLiteral(one: Placed): Placed {
  return one.kind === 'literal' ? { ...one, text: encodeLiteralText(one.text) } : one;
}

export function encodeLiteralText(text: string): string {
  return text.replace(/[^\x21-\x7e]+|["<>'^`{}]/gu, (characters) =>
    characters === "'" ? '%27' : encodeURIComponent(characters),
  );
}

function compileOrigin(origin: readonly Placed[]): Pieces {
  const base = startsWithBase(origin);
  const pieces: (string | Hole)[] = [];
  let beforeHost = !base;
  for (const [index, one] of origin.entries()) {
    if (one.kind === 'literal') {
      pieces.push(one.text);
      if (one.text.includes('://')) beforeHost = false;
    } else {
      const encode = base && index === 0 ? passBase : beforeHost ? passScheme : passHost;
      pieces.push({ name: one.token.name, encode, mask });
    }
  }
  return pieces;
}

const passScheme = pass(/^https?$/i, 'is not "http" or "https", which is what its place in the URL takes');

/** A host, or part of one, or a port; `:` and `[ ]` for ports and IPv6. Everything that would end the host is refused. */
const passHost = pass(
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  /^[^\u0000-\u0020\u007f/?#@\\%<>^|"`{}]+$/u,
  'is not a host name or port, which is what its place in the URL takes: "/", "?", "#", "@", spaces and the like would break out of it',
);

/** A whole base URL: `https://host[:port][/path]`; whether a query is allowed depends on the template. */
const passBase = pass(
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  /^https?:\/\/[^\u0000-\u0020\u007f/?#@\\%]+(?:[/?][^\u0000-\u001f\u007f#\\]*)?$/iu,
  'is not a base URL such as https://api.example.com/v1, without user:password and fragment, which is what the start of the URL takes',
);

function pass(pattern: RegExp, unfit: string): Encode {
  return (value) => (typeof value === 'string' && pattern.test(value) && value.isWellFormed() ? value : { unfit });
}
