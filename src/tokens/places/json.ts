import type { PlaceEncoding } from '../../contract/command-check.ts';
import type { TokenValue } from '../../contract/tokens.ts';
import { positionOf } from '../parse.ts';
import { type CompiledField, type Encode, type Hole, mask, type Pieces, type Placed, textOf } from './place.ts';

/** Inside of a JSON string: RFC 8259 §7. A lone surrogate is written `\udXXX`, which is JSON and reads back the same. */
const encodeInString: Encode = (value) => {
  const text = textOf(value);
  return typeof text === 'string' ? JSON.stringify(text).slice(1, -1) : text;
};

/** RFC 8259 §6, and the three literal names. */
const bareJson = /^(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)$/;

/**
 * Outside of strings: a string goes verbatim if it is a JSON number or literal (a CSV's items are all strings, and
 * `12.50` and big integers keep their digits); other strings would need quotes, which are the template's to write.
 */
const encodeValue: Encode = (value: TokenValue) => {
  if (typeof value === 'string') {
    if (bareJson.test(value)) return value;
    return {
      unfit: 'is a text that is not a JSON number, true, false or null: put quotes around the token in the template',
    };
  }
  if (typeof value === 'number' && !Number.isFinite(value)) return { unfit: 'is not a finite number' };
  return JSON.stringify(value);
};

/**
 * No escape may run into a token, nor a number or name touch one: `~` continues no escape sequence, and `null` beside
 * anything but JSON's punctuation is not JSON. So the template is JSON around its tokens exactly if this probe parses.
 */
const probes = { string: '~', value: 'null' };

/** A JSON body: every token's place is inside or outside of a string, known from the literals alone. */
export function compileJson(placed: readonly Placed[], template: string): CompiledField<Pieces> {
  const pieces: (string | Hole)[] = [];
  let probe = '';
  let inString = false;
  const errors: string[] = [];
  for (const one of placed) {
    if (one.kind === 'literal') {
      inString = scanString(one.text, inString);
      probe += one.text;
      pieces.push(one.text);
    } else {
      const { name, source } = one.token;
      if (source === 'errand' && name !== 'errand.attempt' && !inString) {
        errors.push(`has \`{{${one.written}}}\` outside of quotes, but it is a text: put quotes around the token`);
      }
      probe += inString ? probes.string : probes.value;
      pieces.push(inString ? { name, encode: encodeInString, mask } : { name, encode: encodeValue, mask: `"${mask}"` });
    }
  }
  const error = parseError(probe, placed, template);
  if (error !== null) errors.push(error);
  return errors.length === 0 ? { ok: true, compiled: pieces } : { ok: false, errors };
}

export function jsonEncodings(placed: readonly Placed[]): PlaceEncoding[] {
  const encodings: PlaceEncoding[] = [];
  let inString = false;
  for (const one of placed) {
    if (one.kind === 'literal') inString = scanString(one.text, inString);
    else encodings.push(inString ? 'json-string' : 'json-value');
  }
  return encodings;
}

/** Is a JSON string open after this text? */
function scanString(text: string, open: boolean): boolean {
  let inString = open;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '"') inString = !inString;
    else if (inString && text[at] === '\\') at += 1;
  }
  return inString;
}

function parseError(probe: string, placed: readonly Placed[], template: string): string | null {
  try {
    JSON.parse(probe);
    return null;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const found = /at position (\d+)/.exec(message)?.[1];
    if (found === undefined) {
      // V8 gives no position for these; its words (`Unexpected token '}'`) must do.
      return `is not valid JSON around its tokens: ${message.split(',', 1).join().toLowerCase()}`;
    }
    const at = positionOf(template, offsetInTemplate(Number(found), placed));
    return `is not valid JSON around its tokens, from ${at} on`;
  }
}

/** Probe and template differ in length where tokens (and `\{{`) stand. */
function offsetInTemplate(probeOffset: number, placed: readonly Placed[]): number {
  let rest = probeOffset;
  let inString = false;
  let offset = 0;
  for (const one of placed) {
    offset = one.offset;
    if (one.kind === 'literal') inString = scanString(one.text, inString);
    const length = one.kind === 'literal' ? one.text.length : (inString ? probes.string : probes.value).length;
    if (rest < length) return one.kind === 'literal' ? offset + rest : offset;
    rest -= length;
  }
  const last = placed.at(-1);
  return last?.kind === 'literal' ? offset + last.text.length : offset;
}
