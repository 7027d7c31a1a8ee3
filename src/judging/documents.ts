/** What a body shows itself to be, whatever its Content-Type says. */

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** A whole PDF begins with `%PDF-` and has `%%EOF` in its last 1,024 bytes (contract §6). */
export function pdfProblem(body: Uint8Array): 'not-a-pdf' | 'cut-off' | null {
  const head = latin1(body.subarray(0, 5));
  if (head !== '%PDF-') return head !== '%PDF-'.slice(0, head.length) ? 'not-a-pdf' : 'cut-off';
  return latin1(body.subarray(-1024)).includes('%%EOF') ? null : 'cut-off';
}

export function looksLikeHtml(body: Uint8Array, mediaType: string | null): boolean {
  if (mediaType === 'text/html' || mediaType === 'application/xhtml+xml') return true;
  return /^(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html)[\s>]/i.test(latin1(body.subarray(0, 512)));
}

/** Does a page ask to sign in? A password field, or the words for it, near its beginning. */
export function asksToSignIn(body: Uint8Array): boolean {
  const head = latin1(body.subarray(0, 64 * 1024));
  return /type\s*=\s*["']?password|\b(?:log|sign)[ -]?(?:in|on)\b|\bunauthori[sz]ed\b/i.test(head);
}
