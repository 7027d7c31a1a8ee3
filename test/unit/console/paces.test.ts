import { describe, expect, it } from 'vitest';
import { draftOf, emptyDraft, isSame } from '../../../src/console/pages/editor/draft.ts';
import { noPace, type Paces, pacesOf, pacesToBody, setApart } from '../../../src/console/pages/editor/paces.ts';

const pace = (timeoutMs: number | string | null) => ({ ...noPace, timeoutMs });
const apart = (interactive: number | string | null, batch: number | string | null): Paces => ({
  apart: true,
  interactive: pace(interactive),
  batch: pace(batch),
});

describe('how long and how often a command is tried (contract §3, §6)', () => {
  it('is one value where the lanes have the same, and each its own where they differ', () => {
    expect(pacesToBody(apart(5, 5))).toEqual({ timeoutMs: 5 });
    expect(pacesToBody(apart(5, 7))).toEqual({ timeoutMs: { interactive: 5, batch: 7 } });
    expect(pacesToBody(apart(null, 7))).toEqual({ timeoutMs: { batch: 7 } });
    expect(pacesToBody(apart(null, null))).toEqual({});
  });

  it('keeps what cannot be read beside what is empty, so that it is refused instead of dropped', () => {
    expect(pacesToBody(apart(null, 'soon'))).toEqual({ timeoutMs: { batch: 'soon' } });
    const paces = { ...apart(null, null), batch: { ...noPace, baseMs: 'soon' } };
    expect(pacesToBody(paces)).toEqual({ retry: { batch: { baseMs: 'soon' } } });
    expect(isSame({ ...emptyDraft, paces: apart(null, 'soon') }, emptyDraft)).toBe(false);
  });

  it('begins apart with what held for both', () => {
    const both = pacesOf({ timeoutMs: 5 });
    const edited = { ...both, interactive: pace(6) };
    expect(setApart(edited, true)).toEqual(apart(6, 6));
  });

  it('has the values of the nightly lane again when the lanes are together and apart again', () => {
    const paces = pacesOf({ timeoutMs: { interactive: 5, batch: 7 } });
    expect(paces.apart).toBe(true);
    const together = setApart(paces, false);
    expect(pacesToBody(together)).toEqual({ timeoutMs: 5 });
    expect(setApart(together, true)).toEqual(paces);
  });

  it('takes no values along that were only a copy', () => {
    const together = setApart(setApart(pacesOf({ timeoutMs: 5 }), true), false);
    expect(setApart({ ...together, interactive: pace(6) }, true)).toEqual(apart(6, 6));
  });

  it('knows one value and the same value for each lane as the same', () => {
    const request = { method: 'GET', url: 'https://a.example/' } as const;
    const each = { request, timeoutMs: { interactive: 5, batch: 5 } };
    expect(isSame(draftOf(each), draftOf({ request, timeoutMs: 5 }))).toBe(true);
  });
});
