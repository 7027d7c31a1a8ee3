import { describe, expect, it } from 'vitest';
import { fieldOf } from '../../../src/console/pages/invocations/invoke-body.ts';
import { actorWords } from '../../../src/console/parts/actor-words.ts';
import { isoOf, localOf } from '../../../src/console/parts/local-time.ts';
import { rateWords } from '../../../src/console/parts/measures.ts';
import { short, tokensLine } from '../../../src/console/parts/tokens-line.ts';

describe("the console's small parts (contract §3)", () => {
  it('take a time to the field and back, to the second', () => {
    const at = '2026-11-27T03:25:07.000Z';
    expect(localOf(at)).toMatch(/^2026-11-2\dT\d\d:25:07$|^2026-11-2\dT\d\d:\d\d:07$/);
    expect(isoOf(localOf(at))).toBe(at);
    expect([localOf(undefined), localOf('noon'), isoOf('')]).toEqual(['', '', '']);
  });

  it('say who it was', () => {
    expect(actorWords({ type: 'key', id: 'k1', name: 'night shift' })).toBe('API key night shift');
    expect(actorWords({ type: 'worker', id: 'w1', name: null })).toBe('worker w1');
  });

  it('put values into a line', () => {
    expect(tokensLine({ tokens: { InvoiceNumber: 'INV1' } })).toBe('INV1');
    expect(tokensLine({ tokens: { a: 'x', n: 1 } as never })).toBe('a: x, n: 1');
    expect(tokensLine({ tokens: {} })).toBe('(no values)');
    expect(short('abcdef', 4)).toBe('abc…');
  });

  it('say how fast it goes', () => {
    expect([0.123, 9.87, 1_234.5].map(rateWords)).toEqual(['0.12', '9.9', '1,235']);
  });

  it('find the field of "Invoke" that the API means', () => {
    const row = { value: '', declared: true, required: true, sensitive: false, about: '' };
    const values = { tokens: [{ ...row, name: 'InvoiceNumber' }] };
    expect(fieldOf('integration', values)).toBe('integration');
    expect(fieldOf('tokens.InvoiceNumber', values)).toBe('tokens.0.value');
    expect(fieldOf('tokens.Other', values)).toBeNull();
  });
});
