import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../../src/platform/redaction.ts';

/** Every UTF-8 byte that RFC 3986 does not call unreserved, percent-encoded; hexadecimal digits in the case asked for. */
function strictPercent(text: string, upper: boolean): string {
  return Array.from(Buffer.from(text, 'utf8'), (byte) => {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9._~-]/.test(character)) return character;
    const digits = byte.toString(16).padStart(2, '0');
    return `%${upper ? digits.toUpperCase() : digits}`;
  }).join('');
}

const xmlEntities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
const inJson = (text: string) => JSON.stringify(text).slice(1, -1);

const encodings: Record<string, (text: string) => string> = {
  raw: (text) => text,
  encodeURIComponent,
  'percent, upper case': (text) => strictPercent(text, true),
  'percent, lower case': (text) => strictPercent(text, false),
  'every byte percent-encoded': (text) =>
    Array.from(Buffer.from(text), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  form: (text) => new URLSearchParams([['', text]]).toString().slice(1),
  'JSON string': inJson,
  'JSON string with \\/': (text) => inJson(text).replaceAll('/', '\\/'),
  'JSON string, all \\u': (text) =>
    Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  'XML entities': (text) => text.replace(/[&<>"']/g, (character) => xmlEntities[character] as string),
  'XML numeric entities': (text) =>
    Array.from(text, (character) => `&#x${(character.codePointAt(0) as number).toString(16)};`).join(''),
  base64: (text) => Buffer.from(text).toString('base64'),
  'base64 of user:value': (text) => Buffer.from(`u:${text}`).toString('base64'),
  'base64 of name:value': (text) => Buffer.from(`n:${text}!`).toString('base64'),
  'base64 of api:value:x': (text) => Buffer.from(`api:${text}:x`).toString('base64'),
  base64url: (text) => Buffer.from(`a${text}`).toString('base64url'),
};

const wrapped = (text: string, columns: number, lineEnd: string) =>
  text.replace(new RegExp(`(.{${columns}})(?=.)`, 'g'), `$1${lineEnd}`);
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Of those above, one in the other; and what is broken into lines. */
const nested: Record<string, (text: string) => string> = {
  'JSON in JSON': (text) => inJson(inJson(text)),
  'JSON in JSON in JSON': (text) => inJson(inJson(inJson(text))),
  'XML in JSON in JSON': (text) => inJson(inJson((encodings['XML entities'] as typeof inJson)(text))),
  'percent in percent': (text) => encodeURIComponent(encodeURIComponent(text)),
  'percent in percent, all lower case': (text) => strictPercent(strictPercent(text, false), false),
  'form in percent': (text) => encodeURIComponent((encodings.form as typeof inJson)(text)),
  'JSON in percent': (text) => encodeURIComponent(inJson(text)),
  'percent in JSON with \\/': (text) => inJson(encodeURIComponent(text)).replaceAll('/', '\\/'),
  'JSON in XML': (text) => (encodings['XML entities'] as typeof inJson)(inJson(text)),
  'base64 in lines of 64': (text) => wrapped(base64(`user:${text}`), 64, '\n'),
  'base64 in lines of 76, in JSON in JSON': (text) => inJson(inJson(wrapped(base64(text), 76, '\r\n'))),
  'base64 in lines of 16, in a form': (text) => encodeURIComponent(wrapped(base64(text), 16, '\r\n')),
  'base64 in percent in percent': (text) => encodeURIComponent(encodeURIComponent(base64(text))),
  hex: (text) => Buffer.from(text).toString('hex'),
  'HEX in lines': (text) => wrapped(Buffer.from(`u:${text}`).toString('hex').toUpperCase(), 32, '\n'),
  'percent by an encoder that leaves % as it is': (text) =>
    text.replace(/[^A-Za-z0-9._~%-]/gu, (character) => strictPercent(character, true)),
};

/** Documents that were encoded as a whole, with the value in them as their formats write it. */
const documents: Record<string, (text: string) => string> = {
  'base64 of JSON': (text) => base64(JSON.stringify({ user: 'u', key: text })),
  'base64url of JSON': (text) => Buffer.from(JSON.stringify([text])).toString('base64url'),
  'base64 of a query': (text) => base64(`?key=${encodeURIComponent(text)}&x=1`),
  'base64 of a form': (text) => base64(new URLSearchParams({ a: '1', key: text }).toString()),
  'base64 of XML': (text) => base64(`<key>${(encodings['XML entities'] as typeof inJson)(text)}</key>`),
  'hex of JSON': (text) => Buffer.from(JSON.stringify({ key: text })).toString('hex'),
};

/** What may be around each other, three deep. */
const wrappers = [
  encodeURIComponent,
  (text: string) => strictPercent(text, false),
  encodings.form as typeof inJson,
  inJson,
  encodings['JSON string with \\/'] as typeof inJson,
  encodings['JSON string, all \\u'] as typeof inJson,
  encodings['XML entities'] as typeof inJson,
  encodings['XML numeric entities'] as typeof inJson,
];
const throughAll = (by: readonly ((text: string) => string)[], text: string) =>
  by.reduce((inner, encode) => encode(inner), text);

const value = fc
  .oneof(fc.string({ minLength: 4, maxLength: 60 }), fc.string({ unit: 'grapheme', minLength: 4, maxLength: 40 }))
  // Read as percent-encoded, too, it has the four characters that are searched for.
  .filter((text) => text.replace(/%[\dA-Fa-f]{2}/g, '%').length >= 4 && text.isWellFormed());

/** Made of characters that no encoding and no mask has, so that nothing survives or appears by chance. */
const filler = fc.constantFrom('', ' | ', '¦', '«»', ' ¦¦ ');

describe('contract §6: redaction', () => {
  for (const [name, encode] of Object.entries({ ...encodings, ...nested })) {
    it(`leaves nothing of a value that is written as ${name}`, () => {
      fc.assert(
        fc.property(value, filler, filler, (secret, before, after) => {
          const text = `${before}${encode(secret)}${after}`;
          const redacted = createRedactor([secret])(text);
          expect(redacted).toContain('***');
          if (!'***'.includes(encode(secret))) expect(redacted.replaceAll('***', '')).not.toContain(encode(secret));
        }),
        { numRuns: 60 },
      );
    });
  }

  // What is left of these is only what stood beside the value, and what base64 is filled up with.
  const alone = Object.entries({ ...encodings, ...nested }).filter(([name]) => !/of .*value|in lines/.test(name));
  it.each(alone.filter(([name]) => name !== 'base64url'))('masks all of a value that is written as %s', (_, encode) => {
    fc.assert(
      fc.property(value, filler, filler, (secret, before, after) => {
        const redacted = createRedactor([secret])(`${before}${encode(secret)}${after}`);
        expect(redacted.replaceAll('***', '').replace(/=|%(?:25)*3[dD]/g, '')).toBe(`${before}${after}`);
      }),
      { numRuns: 60 },
    );
  });

  it('finds a value under any three encodings, one in the other', () => {
    fc.assert(
      fc.property(value, fc.array(fc.constantFrom(...wrappers), { maxLength: 3 }), (secret, by) => {
        const text = `<<${throughAll(by, secret)}>>`;
        expect(createRedactor([secret])(text).replaceAll('***', '')).toBe('<<>>');
      }),
      { numRuns: 2_000 },
    );
  });

  it('finds base64 and hexadecimal under any three encodings', () => {
    const inner = fc.constantFrom(...Object.values(documents), base64, encodings.base64url as typeof inJson);
    fc.assert(
      fc.property(value, inner, fc.array(fc.constantFrom(...wrappers), { maxLength: 3 }), (secret, encode, by) => {
        expect(createRedactor([secret])(throughAll(by, encode(secret)))).toContain('***');
      }),
      { numRuns: 1_000 },
    );
  });

  for (const [name, encode] of Object.entries(documents)) {
    it(`leaves nothing of a value in ${name}`, () => {
      // With a core that every encoder leaves as it is, so that a part that was left is known by it.
      fc.assert(
        fc.property(value, value, (before, after) => {
          const secret = `${before}~core-of-it~${after}`;
          const left = createRedactor([secret])(encode(secret)).replaceAll('***', '');
          const kind = name.startsWith('hex') ? 'hex' : name.startsWith('base64url') ? 'base64url' : 'base64';
          expect(Buffer.from(left.replaceAll('=', ''), kind).toString('latin1')).not.toMatch(/core|of-it/);
          expect(left.length).toBeLessThan(encode('').length + 12);
        }),
        { numRuns: 60 },
      );
    });
  }

  it('masks what was read with the wrong character set', () => {
    const secrets = fc.string({ unit: fc.constantFrom(...'abcDEF123/&"äöüéÃ¼~'), minLength: 8, maxLength: 40 });
    const misread = (text: string) => [
      Buffer.from(text, 'utf8').toString('latin1'),
      new TextDecoder('windows-1252').decode(Buffer.from(text, 'utf8')),
      Buffer.from(text, 'latin1').toString('utf8'),
    ];
    fc.assert(
      fc.property(secrets, (text) => {
        const secret = `a-known-core ${text}!`;
        for (const shown of misread(secret)) {
          expect(createRedactor([secret])(`<<${shown}>> ${JSON.stringify(shown)}`)).toBe('<<***>> "***"');
        }
      }),
    );
    // The euro sign is not in Latin-1.
    const euro = Buffer.from('price in €: 12').toString('latin1');
    expect(createRedactor(['price in €: 12'])(`${euro}.`)).toBe('***.');
  });

  it('masks a whole value of thousands of characters', () => {
    const secret = Array.from({ length: 8192 }, (_, index) => String.fromCharCode(33 + ((index * index) % 211))).join(
      '',
    );
    const redact = createRedactor([secret]);
    for (const name of ['raw', 'percent, lower case', 'JSON string', 'base64 of user:value', 'base64url']) {
      const encode = encodings[name] as (text: string) => string;
      const redacted = redact(`<<${encode(secret)}>>`);
      expect(redacted.length).toBeLessThan(20);
    }
  });

  it('masks a key that an answer quotes with our body, JSON in JSON', () => {
    const pem = `-----BEGIN KEY-----\n${wrapped('MIIEvQIBADANBgkqhkiG9w0BAQ'.repeat(20), 64, '\n')}\n-----END KEY-----\n`;
    const body = JSON.stringify({ pem, invoice: 'INV1' });
    const answer = JSON.stringify({ error: 'no such field', got: body, log: [JSON.stringify({ b: body })] });
    const redacted = createRedactor([pem])(answer);
    expect(redacted.match(/\*\*\*/g)).toHaveLength(2);
    expect(redacted).not.toMatch(/MIIE|KEY/);
    expect(JSON.parse(JSON.parse(redacted).got)).toEqual({ pem: '***', invoice: 'INV1' });
  });

  // Each would take hours if the time were not in proportion to the text.
  it.each([
    ['one character over and over', 'a'.repeat(60_000), 'a'.repeat(100_000)],
    ['backslashes', `${'\\'.repeat(500)}x`, '\\'.repeat(100_000)],
    ['a percent sign, encoded and encoded', '%25'.repeat(500), '%252525'.repeat(14_000)],
    ['spaces', `${' '.repeat(500)}x`, ' '.repeat(100_000)],
    ['many short ones', 'abab', 'ab'.repeat(50_000)],
  ])('takes no longer for a text made to take long: %s', (_, secret, text) => {
    expect(createRedactor([secret])(`${text}<`)).toMatch(/<$/);
  });

  it('masks what is there of a long value that was cut short', () => {
    const secret = 'Zq8-'.concat('0123456789/'.repeat(10));
    const redact = createRedactor([secret]);
    for (const length of [32, 40, 75, 100]) expect(redact(`x=${secret.slice(0, length)}`)).toBe('x=***');
  });

  it('masks overlapping values whole', () => {
    const redact = createRedactor(['abcd1234', '1234wxyz', 'abcd']);
    expect(redact('<abcd1234wxyz> abcd')).toBe('<***> ***');
  });

  it('takes + for a space', () => {
    expect(createRedactor(['auth token'])('t=auth+token&u=auth%20token')).toBe('t=***&u=***');
  });

  it('masks Basic credentials, whichever name stands before the secret', () => {
    for (const user of ['', 'a', 'ab', 'abc', 'abcd']) {
      const header = `Basic ${Buffer.from(`${user}:s3cret-Value`).toString('base64')}`;
      const redacted = createRedactor(['s3cret-Value'])(header);
      const left = Buffer.from(redacted.slice(6).replaceAll('*', ''), 'base64').toString();
      expect(redacted).toContain('***');
      expect(left).not.toContain('s3cr');
    }
  });

  it('leaves other texts and values of fewer than four characters alone', () => {
    expect(createRedactor(['abc', ''])('abc')).toBe('abc');
    expect(createRedactor(['secret-1'])('nothing % here & there \\')).toBe('nothing % here & there \\');
    expect(createRedactor([])('anything')).toBe('anything');
  });

  it('takes values as they are, not as patterns', () => {
    const redact = createRedactor(['a.*b(c|d)[e]$^']);
    expect(redact('a.*b(c|d)[e]$^')).toBe('***');
    expect(redact('axxb(c|d)[e]$^')).toBe('axxb(c|d)[e]$^');
  });
});
