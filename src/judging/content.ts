import type { ErrorCode, Side } from '../contract/errors.ts';
import { type CompiledAccept, type Extract, includesType } from './accept.ts';
import { asksToSignIn, looksLikeHtml, pdfProblem } from './documents.ts';
import type { Answer } from './exchange.ts';
import { extractBytes } from './extract.ts';

export type ContentVerdict =
  | { ok: true; contentType: string | null; bytes: Uint8Array }
  | { ok: false; code: ErrorCode; message: string; side?: Side; cutOff?: true };

const pdf = 'application/pdf';

/**
 * Is the body of a success status what the command asked for (contract §6)?
 *
 * An unframed body, delimited only by the connection's end, is complete as far as HTTP can tell (RFC 9112 §8), but a
 * reset looks the same to us. It is taken where the content proves itself whole (a PDF's end, JSON that parses) or where
 * nothing can be checked; where the content shows itself cut off, the exchange broke and may be tried again.
 */
export function judgeContent(answer: Answer, accept: CompiledAccept): ContentVerdict {
  const contentType = headerOf(answer, 'content-type');
  const mediaType = contentType === null ? null : essence(contentType);
  const { contentTypes, extract } = accept;
  if (extract !== null) return judgeExtracted(answer, accept, extract, mediaType);
  if (contentTypes === null) return { ok: true, contentType, bytes: answer.body };
  if (answer.body.byteLength === 0 && answer.framed) return empty(answer, contentTypes);
  const listed = mediaType !== null && includesType(contentTypes, mediaType);
  const vague = mediaType === null || mediaType === 'application/octet-stream';
  if (contentTypes.includes(pdf) && (mediaType === pdf || (vague && !listed))) {
    return judgePdf(answer.body, answer) ?? { ok: true, contentType: vague ? pdf : contentType, bytes: answer.body };
  }
  if (listed) return { ok: true, contentType, bytes: answer.body };
  return otherType(answer, contentTypes, mediaType);
}

function judgeExtracted(
  answer: Answer,
  { contentTypes }: CompiledAccept,
  extract: Extract,
  mediaType: string | null,
): ContentVerdict {
  const extracted = extractBytes(answer.body, extract);
  if (!extracted.ok) {
    if (extracted.notJson && looksLikeHtml(answer.body, mediaType)) return htmlPage(answer.body, 'JSON');
    if (extracted.notJson && !answer.framed) return cutOff('The answer broke off: its JSON is incomplete.');
    return { ok: false, code: 'unexpected-content', message: extracted.message };
  }
  // `accept.contentTypes` may speak of the answer or of the document in it.
  const types = [mediaType, extract.contentType].filter((type) => type !== null);
  if (contentTypes !== null && !types.some((type) => includesType(contentTypes, type))) {
    return otherType(answer, contentTypes, mediaType);
  }
  const { bytes } = extracted;
  const contentType = extract.contentType?.endsWith('/*') ? null : extract.contentType;
  const problem = contentType === pdf ? judgePdf(bytes, { ...answer, framed: true }) : null;
  return problem ?? { ok: true, contentType, bytes };
}

/** `null` if it is a whole PDF. */
function judgePdf(body: Uint8Array, answer: Answer): ContentVerdict | null {
  const size = `${body.byteLength.toLocaleString('en-US')} bytes`;
  switch (pdfProblem(body)) {
    case null:
      return null;
    case 'cut-off':
      if (!answer.framed) return cutOff(`The answer broke off: after ${size}, the PDF has no end (%%EOF).`);
      return unexpected(`The answer of ${size} is not a whole PDF: it has no end (%%EOF in its last 1,024 bytes).`);
    case 'not-a-pdf':
      if (looksLikeHtml(body, null)) return htmlPage(body, 'a PDF');
      return unexpected(`The answer of ${size} is not a PDF: it does not begin with %PDF-.`);
  }
}

function otherType(answer: Answer, asked: readonly string[], mediaType: string | null): ContentVerdict {
  const wanted = asked.includes(pdf) && asked.length === 1 ? 'a PDF' : asked.join(' or ');
  if (looksLikeHtml(answer.body, mediaType)) return htmlPage(answer.body, wanted);
  const came = mediaType === null ? 'without a Content-Type' : `with ${mediaType}`;
  return unexpected(`The server answered ${came} instead of ${wanted} (accept.contentTypes).`);
}

function htmlPage(body: Uint8Array, wanted: string): ContentVerdict {
  const message = `The server answered with an HTML page instead of ${wanted}: a login page?`;
  return asksToSignIn(body) ? { ...unexpected(message), side: 'credentials' } : unexpected(message);
}

function empty({ status }: Answer, asked: readonly string[]): ContentVerdict {
  return unexpected(`The server answered ${status} with an empty body instead of ${asked.join(' or ')}.`);
}

function unexpected(message: string): ContentVerdict & { ok: false } {
  return { ok: false, code: 'unexpected-content', message };
}

function cutOff(message: string): ContentVerdict {
  return { ok: false, code: 'protocol-error', message, cutOff: true };
}

function headerOf(answer: Answer, name: string): string | null {
  const value = answer.headers.find(({ key }) => key.toLowerCase() === name)?.value.trim();
  return value === undefined || value === '' ? null : value;
}

function essence(contentType: string): string {
  return contentType.split(';', 1).join().trim().toLowerCase().slice(0, 200);
}
