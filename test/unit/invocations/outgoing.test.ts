import { describe, expect, it } from 'vitest';
import { textsOf } from '../../../src/invocations/outgoing.ts';

describe('contract §6: the texts by which a sensitive value is found in records', () => {
  it.each([
    ['a text', ['a text']],
    [12345678, ['12345678', '12345678']],
    [null, ['null']],
    [
      { user: 'bob', keys: ['first key', { deep: 'second key' }], pin: 987654, on: true, none: null },
      [
        '{"user":"bob","keys":["first key",{"deep":"second key"}],"pin":987654,"on":true,"none":null}',
        'bob',
        'first key',
        'second key',
        '987654',
      ],
    ],
  ])('of %j', (value, texts) => expect(textsOf(value)).toEqual(texts));
});
