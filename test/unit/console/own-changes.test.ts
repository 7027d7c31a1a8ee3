import { describe, expect, it } from 'vitest';
import { limitsToSave, variablesPatch } from '../../../src/console/pages/integrations/own-changes.ts';

const rate = { count: 60, perSeconds: 60 };

describe('saving what somebody changed (contract §3)', () => {
  it('names only what differs from what they were shown', () => {
    const shown = { companyId: '77', base: 'https://a.example', old: 'x' };
    expect(variablesPatch(shown, { companyId: '78', base: 'https://a.example', added: '' })).toEqual({
      old: null,
      companyId: '78',
      added: '',
    });
    expect(variablesPatch(shown, shown)).toEqual({});
    expect(variablesPatch({}, { constructor: 'x' })).toEqual({ constructor: 'x' });
  });

  it("keeps a colleague's limit where theirs is another", () => {
    const now = { concurrency: 3, rates: [rate] };
    expect(limitsToSave({ shown: { concurrency: 8 }, typed: { concurrency: 4 }, now })).toEqual({
      concurrency: 4,
      rates: [rate],
    });
    expect(limitsToSave({ shown: { concurrency: 8 }, typed: { concurrency: 8, rates: [rate] }, now })).toEqual(now);
    expect(limitsToSave({ shown: { concurrency: 8, rates: [rate] }, typed: {}, now })).toEqual({});
  });
});
