import type { Extract } from './accept.ts';
import { resolvePointer } from './pointer.ts';

export type Extracted = { ok: true; bytes: Uint8Array } | { ok: false; message: string; notJson?: true };

/** Takes the bytes out of a JSON answer (contract §6). Messages never hold what the answer holds. */
export function extractBytes(body: Uint8Array, { pointer, encoding }: Extract): Extracted {
  let answer: unknown;
  try {
    // TextDecoder drops a byte order mark, which JSON.parse would trip over.
    answer = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return {
      ok: false,
      message: 'The answer is not JSON, so nothing can be taken out of it (accept.extract).',
      notJson: true,
    };
  }
  const found = resolvePointer(answer, pointer);
  if (found === undefined)
    return { ok: false, message: `The JSON answer has nothing at "${pointer}" (accept.extract).` };
  if (typeof found !== 'string') {
    const kind = found === null ? 'null' : Array.isArray(found) ? 'an array' : `a ${typeof found}`;
    return { ok: false, message: `The JSON answer has ${kind} at "${pointer}", not a string (accept.extract).` };
  }
  const bytes = decode(found, encoding);
  if (bytes !== null) return { ok: true, bytes };
  return { ok: false, message: `The string at "${pointer}" in the JSON answer is not ${encoding} (accept.extract).` };
}

/** `null` if the text is not of this encoding. `Buffer.from` skips what it cannot read, so the length tells. */
function decode(text: string, encoding: Extract['encoding']): Uint8Array | null {
  if (encoding === 'utf8') return Buffer.from(text, 'utf8');
  // Line breaks as in MIME (RFC 2045 §6.8); padding may be left out.
  const digits = text.replace(/\s+/g, '').replace(/={1,2}$/, '');
  const bytes = Buffer.from(digits, encoding);
  if (encoding === 'hex') return bytes.byteLength * 2 === digits.length ? bytes : null;
  const whole = digits.length % 4 !== 1 && bytes.byteLength === Math.floor((digits.length * 3) / 4);
  return whole ? bytes : null;
}
