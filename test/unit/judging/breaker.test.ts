import { describe, expect, it } from 'vitest';
import type { ErrorCode, Side } from '../../../src/contract/errors.ts';
import { breaker, isFailing, type Sign, signOf } from '../../../src/judging/breaker.ts';
import type { Verdict } from '../../../src/judging/judge.ts';

const success: Verdict = { outcome: 'succeeded', status: 200, contentType: null, bytes: new Uint8Array() };
const failure = (code: ErrorCode, side: Side = 'customer-server'): Verdict => ({
  outcome: 'permanent',
  failure: { code, message: '', side },
});

const cases: [what: string, verdict: Verdict, status: number | null, sign: Sign][] = [
  ['a success', success, 200, 'well'],
  ['a 401', failure('unexpected-status', 'credentials'), 401, 'credentials'],
  ['a 403', failure('unexpected-status', 'credentials'), 403, 'credentials'],
  ['a certificate that does not fit', failure('tls-failed'), null, 'tls'],
  ['a blocked address', failure('egress-blocked', 'configuration'), null, 'egress'],
  ['a login page', failure('unexpected-content'), 200, 'unexpected-content'],
  ['a time-out', failure('timeout'), null, 'unwell'],
  ['a refused connection', failure('connect-failed'), null, 'unwell'],
  ['a name that does not resolve', failure('dns-failed'), null, 'unwell'],
  ['a broken answer', failure('protocol-error'), 200, 'unwell'],
  ['a 503', failure('unexpected-status'), 503, 'unwell'],
  ['a 501', failure('unexpected-status'), 501, 'unwell'],
  ['a 408', failure('unexpected-status'), 408, 'unwell'],
  ['a 429, which asks to wait', failure('unexpected-status'), 429, 'well'],
  ['a 404', failure('unexpected-status'), 404, 'well'],
  ['a voided invoice', failure('absent', 'request'), 404, 'well'],
  ['an answer that is too large', failure('response-too-large'), 200, 'well'],
];

describe('contract §1: what an attempt says of its integration', () => {
  it.each(cases)('%s', (_what, verdict, status, sign) => {
    expect(signOf(verdict, { status, ownCredentials: false })).toBe(sign);
    expect(isFailing(sign)).toBe(sign !== 'well');
  });

  it('nothing at all where it did not get beyond what is ours', () => {
    const verdict = failure('connect-failed', 'errand');
    expect(signOf(verdict, { status: null, ownCredentials: false })).toBeNull();
  });

  it("a 401 for a person's own login says nothing of everybody else's", () => {
    const context = { status: 401, ownCredentials: true };
    expect(signOf(failure('unexpected-status', 'credentials'), context)).toBe('well');
  });

  it('the time between probes ends where the page says', () => {
    const probes = (first: number) => Math.ceil(Math.log2(breaker.longestProbeSeconds / first)) + 1;
    expect([probes(breaker.firstProbeSecondsUnwell), probes(breaker.firstProbeSeconds)]).toEqual([8, 6]);
  });
});
