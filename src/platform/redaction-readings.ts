/** One way of reading a text: each match of `pattern` stands for what `read` makes of it. */
export type Reading = {
  pattern: RegExp;
  read: (match: string) => string;
  /** The same for a whole text, where there is a faster way than to go from match to match. */
  readAll?: (text: string) => string;
};

/**
 * UTF-8 bytes, each as the character of its number. All other readings work on these, so that a value is found whichever
 * character set its encoder had.
 */
export const bytes: Reading = { pattern: /[\u{80}-\u{10ffff}]/gu, read: utf8, readAll: utf8 };

function utf8(text: string): string {
  return /[\u0080-\uffff]/.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

const percent: Reading = {
  pattern: /%[0-9A-Fa-f]{2}/g,
  read: (match) => String.fromCharCode(Number.parseInt(match.slice(1), 16)),
};

const shortJson: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** RFC 8259 §7, a surrogate pair as one; and what other languages' literals have besides: `\'` and `\x41`. */
const json: Reading = {
  pattern: /\\(?:u[dD][89abAB][\dA-Fa-f]{2}\\u[dD][c-fC-F][\dA-Fa-f]{2}|u[\dA-Fa-f]{4}|x[\dA-Fa-f]{2}|["'\\/bfnrt])/g,
  read(match) {
    const kind = match[1] as string;
    if (kind === 'x') return String.fromCharCode(Number.parseInt(match.slice(2), 16));
    if (kind !== 'u') return shortJson[kind] ?? kind;
    return utf8(
      String.fromCharCode(
        ...match
          .split('\\u')
          .slice(1)
          .map((digits) => Number.parseInt(digits, 16)),
      ),
    );
  },
};

const namedXml: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const xml: Reading = {
  pattern: /&(?:amp|lt|gt|quot|apos|#0*\d{1,7}|#[xX]0*[\dA-Fa-f]{1,6});/g,
  read(match) {
    const name = match.slice(1, -1);
    if (!name.startsWith('#')) return namedXml[name] ?? match;
    const codePoint = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
    return codePoint <= 0x10ffff ? utf8(String.fromCodePoint(codePoint)) : match;
  },
};

/** What encoders do, undone. */
export const encodings: readonly Reading[] = [percent, json, xml];

/** In a form `+` is a space; and line ends change on the way. What is compared is read like this on both sides. */
export const loosely: Reading = {
  pattern: /\r(?=\n)|\+/g,
  read: (match) => (match === '+' ? ' ' : ''),
  readAll: (text) => text.replaceAll('\r\n', '\n').replaceAll('+', ' '),
};

/** Base64 and hexadecimal digits as they were before they were broken into lines; base64url as base64. */
export const unwrapped: Reading = {
  pattern: /[ \t\r\n_-]/g,
  read: (match) => (match === '-' ? '+' : match === '_' ? '/' : ''),
  readAll: (text) =>
    text
      .replace(/[ \t\r\n]+/g, '')
      .replaceAll('-', '+')
      .replaceAll('_', '/'),
};

export function readAs({ pattern, read, readAll }: Reading, text: string): string {
  return readAll === undefined ? text.replace(pattern, read) : readAll(text);
}

/**
 * How deep a value may be encoded: JSON that quotes JSON that has our XML in it. Each level multiplies the readings of a
 * text that is made to be read in many ways, by three at most.
 */
const deepest = 3;

/** A text as it may be read, and the steps that lead there from the text itself. */
export type TextRead = { text: string; steps: readonly Reading[] };

/** Every reading of a text, the plainest first, each once. Most texts have one: nothing in them looks encoded. */
export function* readingsOf(text: string): Generator<TextRead> {
  const seen = new Set<string>();
  let level: TextRead[] = [{ text: readAs(bytes, text), steps: [bytes] }];
  for (let depth = 0; level.length > 0; depth += 1) {
    const next: TextRead[] = [];
    for (const reading of level) {
      if (seen.has(reading.text)) continue;
      seen.add(reading.text);
      yield reading;
      if (depth === deepest || !/[%\\&]/.test(reading.text)) continue;
      for (const step of encodings) next.push({ text: readAs(step, reading.text), steps: [...reading.steps, step] });
    }
    level = next;
  }
}

/** A text read, and for each of its characters the place in the text itself that it was read from: `from`, up to `to`. */
export type Traced = { text: string; from: readonly number[]; to: readonly number[] };

/** Reads a text again by the steps that `readingsOf` told, and keeps track of what stood where. */
export function trace(text: string, steps: readonly Reading[]): Traced {
  const places = Array.from({ length: text.length }, (_, index) => index);
  return steps.reduce<Traced>(traceStep, { text, from: places, to: places.map((place) => place + 1) });
}

function traceStep(before: Traced, { pattern, read }: Reading): Traced {
  const from: number[] = [];
  const to: number[] = [];
  let text = '';
  let at = 0;
  const copyUpTo = (end: number) => {
    text += before.text.slice(at, end);
    for (; at < end; at += 1) {
      from.push(before.from[at] as number);
      to.push(before.to[at] as number);
    }
  };
  for (const match of before.text.matchAll(pattern)) {
    copyUpTo(match.index);
    const characters = read(match[0]);
    const end = match.index + match[0].length;
    text += characters;
    for (let index = 0; index < characters.length; index += 1) {
      from.push(before.from[at] as number);
      to.push(before.to[end - 1] as number);
    }
    at = end;
  }
  copyUpTo(before.text.length);
  return { text, from, to };
}
