import type { Method, RequestTemplate } from '../contract/command.ts';
import type { FieldError } from '../contract/problem.ts';
import { errandTokens } from '../contract/tokens.ts';
import { type AvailableToken, availableTokens, type TokenNames, unavailable } from './names.ts';
import { maxErrors, parseTemplate } from './parse.ts';
import { compileBody } from './places/body.ts';
import { encodeHeaderText, headerLiteralProblem } from './places/header.ts';
import { type CompiledField, type Pieces, type Placed, uniform } from './places/place.ts';
import { type CompiledUrl, compileUrl } from './places/url.ts';

/** A request template, parsed once: every literal finished, every token with the encoder of its place. */
export type CompiledRequest = {
  readonly method: Method;
  readonly url: CompiledUrl;
  readonly headers: readonly { readonly key: string; readonly value: Pieces }[];
  readonly body: Pieces | undefined;
  /** The names whose values it needs, aliases folded onto them, each once, in order of appearance. */
  readonly uses: readonly string[];
};

export type Compilation = { ok: true; compiled: CompiledRequest } | { ok: false; errors: FieldError[] };

type Field = { path: string; template: string; placed: readonly Placed[] };

/**
 * Checks and compiles a request template when it is saved or loaded (contract §5).
 *
 * All errors are found at once; their paths are as in `request.url`, `request.headers.0.value`, `request.body`.
 */
export function compileRequest(template: RequestTemplate, names: TokenNames): Compilation {
  const errors: FieldError[] = [];
  const available = availableTokens(names);
  const place = (path: string, text: string): Field | null => {
    const read = readTemplate(text, available);
    if (read.ok) return { path, template: text, placed: read.compiled };
    errors.push(...read.errors.map((message) => ({ path, message })));
    return null;
  };
  const take = <Compiled>(path: string, field: CompiledField<Compiled>): Compiled | null => {
    if (field.ok) return field.compiled;
    errors.push(...field.errors.map((message) => ({ path, message })));
    return null;
  };

  const url = place('request.url', template.url);
  const headers = (template.headers ?? []).map(({ key, value }, index) => ({
    key,
    field: place(`request.headers.${index}.value`, value),
  }));
  const body = template.body === undefined || template.body === '' ? null : place('request.body', template.body);
  const type = headers.find(({ key }) => key.toLowerCase() === 'content-type');

  const compiledUrl = url && take(url.path, compileUrl(url.placed));
  const compiledHeaders = headers.map(({ key, field }) => ({
    key,
    value: (field && take(field.path, compileHeader(field.placed))) ?? [],
  }));
  // Without knowing the Content-Type nothing can be said about the body.
  const known = type === undefined || type.field !== null;
  const compiledBody =
    body && known ? take(contentTypePath(body, type?.field), compileTypedBody(body, type?.field)) : null;
  if (errors.length > 0 || compiledUrl === null) return { ok: false, errors };
  const fields = [url, ...headers.map(({ field }) => field), body];
  return {
    ok: true,
    compiled: {
      method: template.method,
      url: compiledUrl,
      headers: compiledHeaders,
      body: compiledBody ?? undefined,
      uses: usesOf(fields.flatMap((field) => field?.placed ?? [])),
    },
  };
}

/**
 * The names that a request needs and nobody has a value for. Errand's own are never missing, but for those that only the
 * source of a schedule has.
 *
 * `has` is asked for names with aliases folded, as `resolveTokens` answers them.
 */
export function missingTokens(compiled: CompiledRequest, has: (name: string) => boolean): string[] {
  return compiled.uses.filter((name) => !(errandTokens as readonly string[]).includes(name) && !has(name));
}

function readTemplate(text: string, available: ReadonlyMap<string, AvailableToken>): CompiledField<Placed[]> {
  if (!text.isWellFormed()) {
    return { ok: false, errors: ['holds half of a surrogate pair, which is no character and cannot be sent'] };
  }
  const parsed = parseTemplate(text);
  if (!parsed.ok) return parsed;
  const errors = new Set<string>();
  const placed: Placed[] = [];
  for (const segment of parsed.segments) {
    if (segment.kind === 'literal') {
      placed.push(segment);
      continue;
    }
    const token = available.get(segment.name);
    if (token === undefined) {
      if (errors.size < maxErrors) errors.add(unavailable(segment.name, available));
    } else placed.push({ kind: 'token', written: segment.name, token, offset: segment.offset });
  }
  return errors.size === 0 ? { ok: true, compiled: placed } : { ok: false, errors: [...errors] };
}

function compileHeader(placed: readonly Placed[]): CompiledField<Pieces> {
  const problems = placed.map((one) => (one.kind === 'literal' ? headerLiteralProblem(one.text) : null));
  const problem = problems.find((found) => found !== null);
  if (problem != null) return { ok: false, errors: [problem] };
  return { ok: true, compiled: uniform(placed, encodeHeaderText) };
}

function hasTokens({ placed }: Field): boolean {
  return placed.some(({ kind }) => kind === 'token');
}

/** A Content-Type with tokens is at fault itself, not the body. */
function contentTypePath(body: Field, type: Field | null | undefined): string {
  return type != null && hasTokens(type) && hasTokens(body) ? type.path : body.path;
}

function compileTypedBody(body: Field, type: Field | null | undefined): CompiledField<Pieces> {
  if (type == null) return compileBody(body.placed, undefined, body.template);
  if (!hasTokens(type)) return compileBody(body.placed, literalText(type), body.template);
  if (!hasTokens(body)) return { ok: true, compiled: [literalText(body)] };
  const message = 'must hold no token while the body does: the Content-Type decides how their values are encoded';
  return { ok: false, errors: [message] };
}

function literalText({ placed }: Field): string {
  return placed.map((one) => (one.kind === 'literal' ? one.text : '')).join('');
}

function usesOf(placed: readonly Placed[]): string[] {
  return [...new Set(placed.flatMap((one) => (one.kind === 'token' ? [one.token.name] : [])))];
}
