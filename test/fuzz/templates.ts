import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import { parseTemplate, type Segment, scanTemplate } from '../../src/tokens/parse.ts';
import { hostileText, property } from './property.ts';

const braces = fc.array(fc.oneof(fc.constantFrom('{', '}', '{{', '}}', '\\', '\\{{', 'A', ' ', '\n'), hostileText), {
  maxLength: 12,
});
const name = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => !/[{}]/.test(text) && text.trim() !== '');
const literal = fc.string({ maxLength: 8 }).filter((text) => !/[{\\]$/.test(text));

/** Of an odd number of braces the first stands alone: after a pair it would belong to the token that comes next. */
const escaped = (text: string) =>
  text.replace(/\{+/g, ({ length }) => '{'.repeat(length % 2) + '\\{{'.repeat(Math.floor(length / 2)));
const written = (segment: Segment) => (segment.kind === 'token' ? `{{${segment.name}}}` : escaped(segment.text));
const bare = (segments: readonly Segment[]) =>
  segments.map((segment) =>
    segment.kind === 'token' ? { kind: segment.kind, name: segment.name } : { kind: segment.kind, text: segment.text },
  );

export const templates = [
  property('contract §5: what a template was read as can be written, and is read as the same', [braces], (parts) => {
    const parsed = parseTemplate(parts.join(''));
    if (!parsed.ok) {
      ok(parsed.errors.length > 0);
      return;
    }
    const again = parseTemplate(parsed.segments.map(written).join(''));
    ok(again.ok);
    deepStrictEqual(bare(again.segments), bare(parsed.segments));
  }),
  property(
    'contract §5: a template is read as the literals and tokens that it was written as',
    [fc.array(fc.tuple(literal, name), { maxLength: 6 }), literal],
    (pairs, end) => {
      const segments = [
        ...pairs.flatMap(([text, token]) => [
          { kind: 'literal', text } as const,
          { kind: 'token', name: token.trim() } as const,
        ]),
        { kind: 'literal', text: end } as const,
      ].filter((segment) => segment.kind === 'token' || segment.text !== '');
      const text = pairs.map(([before, token]) => `${escaped(before)}{{${token}}}`).join('');
      const parsed = parseTemplate(text + escaped(end));
      ok(parsed.ok);
      deepStrictEqual(bare(parsed.segments), segments);
    },
  ),
  property(
    'contract §5: a token of any text, whatever is wrong with it, is found where it is written',
    [braces],
    (parts) => {
      const text = parts.join('');
      const { segments, errors } = scanTemplate(text);
      let after = 0;
      for (const segment of segments) {
        if (segment.kind === 'literal') continue;
        const { name, offset, end } = segment;
        ok(offset >= after);
        after = end;
        equal(
          text
            .slice(offset, end)
            .replace(/^\{\{(.*)\}\}$/s, '$1')
            .trim(),
          name,
        );
        ok(!/[{}]/.test(name) && name !== '');
      }
      const parsed = parseTemplate(text);
      deepStrictEqual(parsed.ok ? [] : parsed.errors, errors);
      if (parsed.ok) deepStrictEqual(parsed.segments, segments);
    },
  ),
];
