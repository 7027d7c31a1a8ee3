import type { PlaceEncoding } from '../../contract/command-check.ts';
import { compileForm } from './form.ts';
import { compileJson, jsonEncodings } from './json.ts';
import type { CompiledField, Pieces, Placed } from './place.ts';
import { compilePlain } from './plain.ts';
import { compileXml, xmlEncodings } from './xml.ts';

/** Compiles a body by the command's Content-Type; `contentType` is `undefined` where the command sets none. */
export function compileBody(
  placed: readonly Placed[],
  contentType: string | undefined,
  template: string,
): CompiledField<Pieces> {
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType ?? '')?.[1];
  if (charset !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(charset)) {
    const message = `is sent as UTF-8, but Content-Type says charset=${charset}: write charset=utf-8 or leave it out`;
    return { ok: false, errors: [message] };
  }
  const syntax = syntaxOf(contentType);
  if (syntax === 'json') return compileJson(placed, template);
  if (syntax === 'form') return compileForm(placed);
  if (syntax === 'xml') return compileXml(placed);
  const missing = missingType(placed, contentType);
  if (missing !== null) {
    const [kind, type] = missing;
    const message =
      `looks like ${kind} and holds tokens, but the command has no Content-Type, so their values would not be encoded: ` +
      `add the header Content-Type: ${type} (or text/plain to send values as they are)`;
    return { ok: false, errors: [message] };
  }
  return compilePlain(placed);
}

/** How each token of a body is written, whatever else is wrong with it; `null` where the template does not tell. */
export function bodyEncodings(placed: readonly Placed[], contentType: string | undefined): (PlaceEncoding | null)[] {
  const syntax = syntaxOf(contentType);
  if (syntax === 'json') return jsonEncodings(placed);
  if (syntax === 'xml') return xmlEncodings(placed);
  const asIs = missingType(placed, contentType) === null ? 'as-is' : null;
  return placed.filter(({ kind }) => kind === 'token').map(() => (syntax === 'form' ? 'form' : asIs));
}

function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1).join().trim().toLowerCase();
}

function syntaxOf(contentType: string | undefined): 'json' | 'form' | 'xml' | null {
  const mediaType = mediaTypeOf(contentType);
  if (/^(?:application|text)\/json$|\+json$/.test(mediaType)) return 'json';
  if (mediaType === 'application/x-www-form-urlencoded') return 'form';
  return /^(?:application|text)\/xml$|\+xml$/.test(mediaType) ? 'xml' : null;
}

/** The type that should have been given. */
function missingType(placed: readonly Placed[], contentType: string | undefined) {
  return mediaTypeOf(contentType) === '' && placed.some(({ kind }) => kind === 'token')
    ? typeItLooksLike(placed)
    : null;
}

function typeItLooksLike(placed: readonly Placed[]): [kind: string, type: string] | null {
  const text = placed
    .map((one) => (one.kind === 'literal' ? one.text : 'x'))
    .join('')
    .trim();
  if (/^[[{]|^".*"$/s.test(text)) return ['JSON', 'application/json'];
  if (text.startsWith('<')) return ['XML', 'application/xml'];
  if (/^[^\s=&]+=[^\s&]*(?:&[^\s=&]+(?:=[^\s&]*)?)*$/.test(text)) {
    return ['a form', 'application/x-www-form-urlencoded'];
  }
  return null;
}
