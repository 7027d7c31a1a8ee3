import { compileForm } from './form.ts';
import { compileJson } from './json.ts';
import type { CompiledField, Pieces, Placed } from './place.ts';
import { compilePlain } from './plain.ts';
import { compileXml } from './xml.ts';

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
  const mediaType = (contentType ?? '').split(';', 1).join().trim().toLowerCase();
  if (/^(?:application|text)\/json$|\+json$/.test(mediaType)) return compileJson(placed, template);
  if (mediaType === 'application/x-www-form-urlencoded') return compileForm(placed);
  if (/^(?:application|text)\/xml$|\+xml$/.test(mediaType)) return compileXml(placed);
  const missing = mediaType === '' && placed.some(({ kind }) => kind === 'token') ? typeItLooksLike(placed) : null;
  if (missing !== null) {
    const [kind, type] = missing;
    const message =
      `looks like ${kind} and holds tokens, but the command has no Content-Type, so their values would not be encoded: ` +
      `add the header Content-Type: ${type} (or text/plain to send values as they are)`;
    return { ok: false, errors: [message] };
  }
  return compilePlain(placed);
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
