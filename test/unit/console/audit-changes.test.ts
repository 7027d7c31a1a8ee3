import { describe, expect, it } from 'vitest';
import { changesOf, restOf } from '../../../src/console/pages/audit/changes.ts';
import { wordsOfAction } from '../../../src/console/parts/action-words.ts';
import { entryPath } from '../../../src/console/parts/subject-path.ts';

describe('what an audit entry tells (contract §3)', () => {
  it('is each value that changed, by its path', () => {
    const before = { request: { url: 'https://a', headers: [{ key: 'Accept', value: 'x' }] }, retry: null };
    const after = { request: { url: 'https://b', headers: [{ key: 'Accept', value: 'x' }], body: '' }, retry: null };
    expect(changesOf({ before, after })).toEqual([
      { path: 'request.url', before: 'https://a', after: 'https://b' },
      { path: 'request.body', before: null, after: '' },
    ]);
  });

  it('is everything where there was nothing before, or is nothing after', () => {
    expect(changesOf({ before: null, after: { name: 'Acme', tags: [] } })).toEqual([
      { path: 'name', before: null, after: 'Acme' },
      { path: 'tags', before: null, after: '[]' },
    ]);
    expect(changesOf({ before: { limit: 3 }, after: null })).toEqual([{ path: 'limit', before: '3', after: null }]);
  });

  it('tells no change from an entry of none', () => {
    expect(changesOf({ before: { name: 'Acme' }, after: { name: 'Acme' } })).toEqual([]);
    expect(changesOf({ redriven: 12 })).toBeNull();
  });

  it('is the rest, too', () => {
    expect(restOf({ before: { a: 1 }, after: { a: 2 }, filter: { run: 'night' }, redriven: 12 })).toEqual([
      { path: 'filter.run', value: 'night' },
      { path: 'redriven', value: '12' },
    ]);
    expect(restOf({ before: 'noon' })).toEqual([{ path: 'before', value: 'noon' }]);
  });

  it('leads to what it is about, while that is there', () => {
    const of = (action: string, type: string, id: string) =>
      entryPath({ action, subject: { type, id } } as Parameters<typeof entryPath>[0]);
    expect(of('command.saved', 'command', 'acme/Get Image')).toBe('/integrations/acme/commands/Get%20Image');
    expect(of('secret.saved', 'secret', 'a?b/key')).toBe('/integrations/a%3Fb?tab=secrets');
    expect(of('command.deleted', 'command', 'acme/GetImage')).toBeNull();
  });

  it('has words for what was done; what has none stays as it is', () => {
    expect(wordsOfAction('invocations.redriven')).toBe('All failed retried');
    expect(wordsOfAction('toString')).toBe('toString');
  });
});
