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

const value = fc
  .oneof(fc.string({ minLength: 4, maxLength: 60 }), fc.string({ unit: 'grapheme', minLength: 4, maxLength: 40 }))
  .filter((text) => text.length >= 4 && text.isWellFormed());

/** Made of characters that no encoding and no mask has, so that nothing survives or appears by chance. */
const filler = fc.constantFrom('', ' | ', '¦', '«»', ' ¦¦ ');

describe('contract §6: redaction', () => {
  for (const [name, encode] of Object.entries(encodings)) {
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
