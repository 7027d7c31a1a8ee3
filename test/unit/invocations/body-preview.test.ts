import { describe, expect, it } from 'vitest';
import { preview } from '../../../src/invocations/body-preview.ts';
import { createRedactor } from '../../../src/platform/redaction.ts';

const secret = 's3cret-välue';
const shown = (body: Uint8Array, contentType: string) => preview(body, contentType, createRedactor([secret]));
const text = `key ${secret} ü`;
const bigEndian = (of: string) => Buffer.from(of, 'utf16le').swap16();
const marked = (mark: number[], body: Buffer) => Buffer.concat([Buffer.from(mark), body]);

describe('contract §6: the preview of an answer', () => {
  it.each([
    ['UTF-8', Buffer.from(text), 'text/plain', 'key *** ü'],
    ['Latin-1', Buffer.from(text, 'latin1'), 'text/plain; charset=iso-8859-1', 'key *** ü'],
    ['UTF-16', Buffer.from(text, 'utf16le'), 'text/plain; charset="utf-16le"', 'key *** ü'],
    ['UTF-16 with a mark', marked([0xff, 0xfe], Buffer.from(text, 'utf16le')), 'text/plain', 'key *** ü'],
    ['UTF-16 with the other mark', marked([0xfe, 0xff], bigEndian(text)), '', 'key *** ü'],
    ['a character set that there is not', Buffer.from(text), 'text/plain; charset=klingon', 'key *** ü'],
    ['Latin-1 that does not say so', Buffer.from(text, 'latin1'), 'text/plain', 'key *** \ufffd'],
  ])('has no value in it that came in %s', (_, body, contentType, expected) => {
    expect(shown(body, contentType)).toBe(expected);
  });

  it('is none where a value is in it in UTF-16 that does not say so', () => {
    for (const body of [Buffer.from(text, 'utf16le'), bigEndian(text)]) {
      expect(shown(body, 'text/plain')).toBeNull();
      expect(shown(body, 'application/json; charset=utf-8')).toBeNull();
    }
    expect(shown(Buffer.from('a\u0000b'), 'text/plain')).toBe('a\ufffdb');
  });
});
