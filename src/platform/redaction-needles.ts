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
  const spellings = [value, value.toLowerCase()].flatMap(inBytes);
  const read = spellings.flatMap((spelling) => [spelling, ...encodings.map((encoding) => readAs(encoding, spelling))]);
  return read.map((text) => readAs(loosely, text));
}

/** In UTF-8 and, where it can be, in Latin-1. */
function inBytes(value: string): string[] {
  const utf8 = readAs(bytes, value);
  const isLatin1 = Buffer.from(value, 'latin1').toString('latin1') === value;
  return isLatin1 && utf8 !== value ? [utf8, value] : [utf8];
}

function digitNeedles(value: string): Needle[] {
  return inBytes(value).flatMap((spelling) => {
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
