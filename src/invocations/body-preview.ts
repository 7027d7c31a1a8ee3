/** Of text answers that were not a success, this much is kept (contract §6). */
const previewBytes = 16 * 1024;
/** Redaction looks this much further, so that a secret across the cut is still found whole. */
const redactionMargin = 8 * 1024;

export function contentTypeOf(headers: readonly { key: string; value: string }[] | null): string {
  return headers?.find(({ key }) => key.toLowerCase() === 'content-type')?.value.toLowerCase() ?? '';
}

/** Media types that a person can read; an answer that names none is taken for text if it looks like it. */
const textual =
  /^(?:text\/|application\/(?:.*\+)?(?:json|xml)\b|application\/(?:x-www-form-urlencoded|problem\+json|javascript))/;

/**
 * The beginning of a text answer, secrets masked; `null` if there is none, or it is not text, or a value is in it in a
 * character set that it does not say.
 */
export function preview(body: Uint8Array, contentType: string, redact: (text: string) => string): string | null {
  if (body.byteLength === 0) return null;
  const head = body.subarray(0, previewBytes + redactionMargin);
  if (contentType === '' ? head.includes(0) && !hasMark(head) : !textual.test(contentType)) return null;
  const decoded = textOf(head, contentType);
  if (decoded.includes('\u0000') && hidesValue(head, redact)) return null;
  return Buffer.from(storable(redact(decoded)))
    .subarray(0, previewBytes)
    .toString();
}

const utf16 = ['utf-16le', 'utf-16be'] as const;

/** A byte order mark of UTF-16. */
function hasMark(head: Uint8Array): boolean {
  return (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
}

/** In the character set that its byte order mark or its Content-Type says; else UTF-8. */
function textOf(head: Uint8Array, contentType: string): string {
  if (hasMark(head)) return new TextDecoder(head[0] === 0xff ? utf16[0] : utf16[1]).decode(head);
  const charset = /charset\s*=\s*"?([\w.:-]+)/.exec(contentType)?.[1];
  try {
    return new TextDecoder(charset).decode(head);
  } catch {
    // There is no such character set.
    return new TextDecoder().decode(head);
  }
}

/** Is it UTF-16 that does not say so, with a value in it? Read as UTF-8 its characters would stand far apart. */
function hidesValue(head: Uint8Array, redact: (text: string) => string): boolean {
  return utf16.some((encoding) => {
    const text = new TextDecoder(encoding).decode(head);
    return redact(text) !== text;
  });
}

/** PostgreSQL's text cannot hold U+0000. */
export function storable(text: string): string {
  return text.includes('\u0000') ? text.replaceAll('\u0000', '\ufffd') : text;
}
