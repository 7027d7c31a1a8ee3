import { bytes, encodings, loosely, type Reading, readAs, unwrapped } from './redaction-readings.ts';

/** How many characters of a value must be found. What follows of a longer one is masked as far as it goes on. */
const headLength = 32;

/** What is looked for in a text that was read in some way. */
export type Needle = {
  text: string;
  /** Its beginning, which must be there. */
  head: string;
  /** The characters beside it hold some of the value's bits and some of its neighbours': they go, too. */
  before: boolean;
  after: boolean;
};

/** Needles, and how a text must be read for them to be found in it. */
export type Needles = { reading: Reading; needles: readonly Needle[] };

const needle = (
  text: string,
  edges: { before: boolean; after: boolean } = { before: false, after: false },
): Needle => ({
  text,
  head: text.slice(0, headLength),
  ...edges,
});

/** @param shortest how many characters a needle must have at least */
export function needlesOf(values: readonly string[], shortest: number): readonly Needles[] {
  const plain = values.flatMap(plainTexts).filter((text) => text.length >= shortest);
  return [
    { reading: loosely, needles: [...new Set(plain)].map((text) => needle(text)) },
    { reading: unwrapped, needles: values.flatMap(digitNeedles) },
  ];
}

/**
 * A value as it is, in lower case as in a host name, and read in each way that a text is read: an encoder that takes a
 * value for encoded already leaves its `%` as it is and encodes what else there is.
 */
function plainTexts(value: string): string[] {
  const spellings = [value, value.toLowerCase()].flatMap((each) => [...inBytes(each), ...misread(each)]);
  const read = spellings.flatMap((spelling) => [spelling, ...encodings.map((encoding) => readAs(encoding, spelling))]);
  return read.map((text) => readAs(loosely, text));
}

/** In UTF-8 and, where it can be, in Latin-1. */
function inBytes(value: string): string[] {
  const utf8 = readAs(bytes, value);
  return isLatin1(value) && utf8 !== value ? [utf8, value] : [utf8];
}

function isLatin1(value: string): boolean {
  return Buffer.from(value, 'latin1').toString('latin1') === value;
}

/**
 * As it looks when it was read with another character set than it was written with: header values are Latin-1 by
 * definition and UTF-8 by habit, and many an error page does not say what it is.
 */
function misread(value: string): string[] {
  const utf8 = Buffer.from(value, 'utf8');
  if (utf8.length === value.length) return [];
  const texts = [utf8.toString('latin1'), new TextDecoder('windows-1252').decode(utf8)];
  const broken = isLatin1(value) ? Buffer.from(value, 'latin1').toString('utf8') : '';
  // What is nothing but replacement characters could be anything.
  if (broken.replaceAll('\ufffd', '').length >= headLength / 4) texts.push(broken);
  return texts.map((text) => readAs(bytes, text));
}

const xmlEntities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** What a document may hold that was then encoded as a whole: the value as it is, or as its usual encoders write it. */
function written(value: string): string[] {
  const form = new URLSearchParams([['', value]]).toString().slice(1);
  const xml = value.replace(/[&<>"']/g, (character) => xmlEntities[character] as string);
  return [...new Set([value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value.toWellFormed()), form, xml])];
}

function digitNeedles(value: string): Needle[] {
  return written(value)
    .flatMap(inBytes)
    .flatMap((spelling) => {
      const hex = Buffer.from(spelling, 'latin1').toString('hex');
      return [needle(hex), needle(hex.toUpperCase()), ...[0, 1, 2].map((before) => base64Needle(spelling, before))];
    });
}

/** The value inside something that was encoded as a whole, such as `user:secret`: it may begin at any of three bits. */
function base64Needle(spelling: string, before: number): Needle {
  const encoded = Buffer.from('\0'.repeat(before) + spelling, 'latin1')
    .toString('base64')
    .replace(/=+$/, '');
  const firstOwn = Math.ceil((before * 8) / 6);
  const afterOwn = Math.floor(((before + spelling.length) * 8) / 6);
  return needle(encoded.slice(firstOwn, afterOwn), { before: before > 0, after: encoded.length > afterOwn });
}
