/** What stands in place of a secret's or a sensitive token's value. */
const mask = '***';

/** Shorter values are not searched for: "no" or "42" would blot out half of every text. */
const minLength = 4;

/** How many characters of a value must be found. What follows of a longer one is masked as far as it goes on. */
const headLength = 32;

/** How many are looked for to tell whether it is worth looking closer: more cost more to compile and find no less. */
const probeLength = 6;

/** A text matches a needle where each of its pieces, sources of regular expressions, matches in turn. */
type Needle = readonly string[];

/** A needle, compiled when a text first holds one. */
type Finder = { head: RegExp; rest: Needle };

/**
 * Makes a function that replaces every one of `values` by `***`: as it is, percent- or form-encoded (UTF-8 and Latin-1,
 * whichever characters the encoder chose to encode), JSON- or XML-escaped, and in base64 or base64url wherever it stands
 * in what was encoded (contract §6). Values of fewer than 4 characters are not searched for.
 *
 * Redact before cutting a text short: half a value is not recognised.
 */
export function createRedactor(values: readonly string[]): (text: string) => string {
  // In a host name a value stands in lower case.
  const spellings = values.flatMap((value) => [value, value.toLowerCase()]);
  const sought = [...new Set(spellings)].filter((value) => value.length >= minLength);
  if (sought.length === 0) return (text) => text;
  let compiled: Search | null = null;
  return (text) => {
    if (text.length < minLength) return text;
    compiled ??= compile(sought);
    // Without these characters nothing in the text is percent-encoded or escaped, and there is less to look for.
    const any = /[%\\&]/.test(text) ? compiled.escaped : compiled.plain;
    if (!any.test(text)) return text;
    compiled.finders ??= findersOf(sought);
    return replace(text, compiled.finders);
  };
}

type Search = { plain: RegExp; escaped: RegExp; finders: readonly Finder[] | null };

function compile(values: readonly string[]): Search {
  const encoded = values.flatMap(base64Needles);
  const any = (needles: readonly Needle[]) =>
    new RegExp(needles.map((needle) => needle.slice(0, probeLength).join('')).join('|'));
  return {
    plain: any([...values.map(plainNeedle), ...encoded]),
    escaped: any([...values.map(escapedNeedle), ...encoded]),
    finders: null,
  };
}

function findersOf(values: readonly string[]): readonly Finder[] {
  return [...values.map(escapedNeedle), ...values.flatMap(base64Needles)].map((needle) => {
    return { head: new RegExp(headOf(needle), 'g'), rest: needle.slice(headLength) };
  });
}

function headOf(needle: Needle): string {
  return needle.slice(0, headLength).join('');
}

/**
 * Every place of every value is found before anything is replaced, also where they overlap: the end of one secret must
 * not survive because the beginning of another was masked first.
 */
function replace(text: string, finders: readonly Finder[]): string {
  const places: [from: number, to: number][] = [];
  for (const { head, rest } of finders) {
    head.lastIndex = 0;
    for (let found = head.exec(text); found !== null; found = head.exec(text)) {
      places.push([found.index, endOf(text, head.lastIndex, rest)]);
      head.lastIndex = found.index + 1;
    }
  }
  places.sort(([a], [b]) => a - b);
  let redacted = '';
  let end = 0;
  for (const [from, to] of places) {
    if (from >= end) redacted += text.slice(end, from) + mask;
    end = Math.max(end, to);
  }
  return redacted + text.slice(end);
}

/** Where the masked place ends: the rest of the value is followed for as long as it is there, whole groups at a time. */
function endOf(text: string, headEnd: number, rest: Needle): number {
  let end = headEnd;
  for (let start = 0; start < rest.length; start += headLength) {
    const group = rest.slice(start, start + headLength);
    const whole = endOfPiece(text, end, group.join(''));
    if (whole !== null) {
      end = whole;
      continue;
    }
    for (const piece of group) {
      const next = endOfPiece(text, end, piece);
      if (next === null) return end;
      end = next;
    }
  }
  return end;
}

function endOfPiece(text: string, from: number, source: string): number | null {
  const piece = new RegExp(source, 'y');
  piece.lastIndex = from;
  return piece.test(text) ? piece.lastIndex : null;
}

function plainNeedle(value: string): Needle {
  return Array.from(value, (character) => (character === ' ' ? '[ +]' : literal(character)));
}

function escapedNeedle(value: string): Needle {
  return Array.from(value, (character) => `(?:${formsOf(character).join('|')})`);
}

/** The ways in which an encoder may write one character. */
function formsOf(character: string): string[] {
  const codePoint = character.codePointAt(0) ?? 0;
  const forms = [literal(character), percent(Buffer.from(character, 'utf8')), jsonForm(character), xmlForm(codePoint)];
  if (codePoint > 0x7f && codePoint <= 0xff) forms.push(percent(Buffer.from([codePoint])));
  const short = shortForms[character];
  if (short !== undefined) forms.push(...short.map(literal));
  return forms;
}

const shortForms: Readonly<Record<string, readonly string[]>> = {
  ' ': ['+'],
  '"': ['\\"', '&quot;'],
  '\\': ['\\\\'],
  '/': ['\\/'],
  '\b': ['\\b'],
  '\f': ['\\f'],
  '\n': ['\\n', '\r\n', '%0D%0A'],
  '\r': ['\\r'],
  '\t': ['\\t'],
  '&': ['&amp;'],
  '<': ['&lt;'],
  '>': ['&gt;'],
  "'": ['&apos;'],
};

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** Hexadecimal digits in either case. */
function hex(number: number, digits: number): string {
  const text = number.toString(16).padStart(digits, '0');
  return text.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

function percent(bytes: Buffer): string {
  return Array.from(bytes, (byte) => `%${hex(byte, 2)}`).join('');
}

/** `\uXXXX` for each UTF-16 code unit (RFC 8259 §7). */
function jsonForm(character: string): string {
  return Array.from({ length: character.length }, (_, index) => `\\\\u${hex(character.charCodeAt(index), 4)}`).join('');
}

function xmlForm(codePoint: number): string {
  return `&#(?:0*${codePoint}|[xX]0*${hex(codePoint, 1)});`;
}

const base64Alphabet = 'A-Za-z0-9+/_-';

/** The value inside something that was encoded as a whole, such as `user:secret`: it may begin at any of three bits. */
function base64Needles(value: string): Needle[] {
  const utf8 = Buffer.from(value, 'utf8');
  const latin1 = Buffer.from(value, 'latin1');
  const spellings = latin1.toString('latin1') === value && !utf8.equals(latin1) ? [utf8, latin1] : [utf8];
  return spellings.flatMap((bytes) => [0, 1, 2].map((before) => base64Needle(bytes, before)));
}

function base64Needle(bytes: Buffer, before: number): Needle {
  const encoded = Buffer.concat([Buffer.alloc(before), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const firstOwn = Math.ceil((before * 8) / 6);
  const afterOwn = Math.floor(((before + bytes.length) * 8) / 6);
  const own = Array.from(encoded.slice(firstOwn, afterOwn), (character) => base64Forms[character] ?? character);
  // The characters at the edges hold some of its bits and some of its neighbours'.
  const edge = `[${base64Alphabet}]?`;
  if (before > 0 && own[0] !== undefined) own[0] = edge + own[0];
  const last = own.length - 1;
  if (encoded.length > afterOwn && own[last] !== undefined) own[last] += edge;
  return own;
}

const base64Forms: Readonly<Record<string, string>> = { '+': '(?:[+-]|%2[bB])', '/': '(?:[/_]|\\\\/|%2[fF])' };
