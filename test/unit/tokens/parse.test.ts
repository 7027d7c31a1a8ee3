import { describe, expect, test } from 'vitest';
import { parseTemplate } from '../../../src/tokens/parse.ts';

const literal = (text: string, offset: number) => ({ kind: 'literal', text, offset });
const token = (name: string, offset: number, end = offset + name.length + 4) => ({ kind: 'token', name, offset, end });

describe('contract §5: parseTemplate', () => {
  test.each([
    ['', []],
    ['plain', [literal('plain', 0)]],
    ['a{{ auth token }}b', [literal('a', 0), token('auth token', 1, 17), literal('b', 17)]],
    ['{{A}}{{B}}', [token('A', 0), token('B', 5)]],
    ['{{A}}}}', [token('A', 0), literal('}}', 5)]],
    ['a }} b', [literal('a }} b', 0)]],
    ['\\{{A}}', [literal('{{A}}', 0)]],
    ['x\\{{y{{A}}', [literal('x{{y', 0), token('A', 5)]],
    ['{ {{A}} }', [literal('{ ', 0), token('A', 2), literal(' }', 7)]],
  ])('%j', (text, segments) => {
    expect(parseTemplate(text)).toEqual({ ok: true, segments });
  });

  test.each([
    ['a{{', /never closed.*character 2/],
    ['one\ntwo {{Name', /never closed.*line 2, character 5/],
    ['a{{}}', /empty.*character 2/],
    ['{{   }}', /empty.*character 1/],
    ['{{{A}}', /brace in the name.*put a space between.*character 1/],
    ['{{a}b}}', /brace in the name/],
  ])('%j is refused with its position and advice', (text, message) => {
    expect(parseTemplate(text)).toEqual({ ok: false, errors: [expect.stringMatching(message)] });
  });

  test('all errors of a text are found at once', () => {
    const parsed = parseTemplate('{{}} {{a{b}} {{');
    expect(parsed.ok ? [] : parsed.errors).toHaveLength(3);
  });
});
