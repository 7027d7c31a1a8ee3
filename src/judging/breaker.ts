import type { Verdict } from './judge.ts';

/**
 * How an endpoint fails. More requests cannot mend the first four, somebody has to change something; `unwell` may pass:
 * time-outs, 5xx, connections and answers that break.
 */
export type FailureKind = 'credentials' | 'tls' | 'egress' | 'unexpected-content' | 'unwell';

/** What an exchange says of the integration's endpoint as a whole. */
export type Sign = 'well' | FailureKind;

/**
 * What an attempt says of its integration; `sign` is `null` where it says nothing, because no request went out, or a
 * person broke it off.
 */
export type Health = {
  sign: Sign | null;
  /** What the endpoint asked to wait (`Retry-After`), in milliseconds. */
  retryAfterMs: number | null;
};

export const saysNothing: Health = { sign: null, retryAfterMs: null };
export const well: Health = { sign: 'well', retryAfterMs: null };

/**
 * When Errand holds an integration, and for how long.
 *
 * `streak`: failures of one unmendable kind in a row. A success or another definite answer ends it; so does another
 * kind. Unwell answers do not: a time-out among 401s says nothing of the credentials.
 *
 * `windowAttempts`, of which half must have failed as an unwell endpoint does, within `windowSeconds` of the first that
 * did. Should each request fail with a probability of 1 in 10, 10 of 20 do so in 7 of a million windows; at 1 in 5 in 3 of
 * a thousand. Of 10 requests at 1 in 5, 5 would fail in 33 of a thousand: too many false alarms. A window in which nothing
 * succeeded stays open for longer: an endpoint that hangs answers 8 requests of a batch in 2 minutes, so a minute would
 * never see 20.
 *
 * Probes: a restart is over in seconds, so the first for an unwell endpoint comes soon; a person mends the rest, and what
 * they save probes at once. Each probe that fails doubles the time until the next: 15 s, 30 s, 1 min … 30 min (the eighth),
 * or from 1 min on (the sixth).
 *
 * `longestWaitSeconds`: a `Retry-After` beyond it keeps the integration waiting for that long only; the invocation that got
 * the answer waits for as long as it was asked to.
 */
export const breaker = {
  streak: 5,
  windowAttempts: 20,
  windowSeconds: 60,
  firstProbeSeconds: 60,
  firstProbeSecondsUnwell: 15,
  longestProbeSeconds: 1_800,
  longestWaitSeconds: 3_600,
} as const;

export type SignContext = {
  /** The answer's status; `null`: none came. */
  status: number | null;
  /** Did the request carry only credentials that came with the invocation, none of the integration's own? */
  ownCredentials: boolean;
};

/**
 * What an exchange that was judged says of the endpoint; `null`: nothing, since it did not get beyond what is ours. Pure,
 * and the only place that decides it.
 */
export function signOf(verdict: Verdict, { status, ownCredentials }: SignContext): Sign | null {
  if (verdict.outcome === 'succeeded') return 'well';
  const { code, side } = verdict.failure;
  if (side === 'errand') return null;
  switch (code) {
    case 'tls-failed':
      return 'tls';
    case 'egress-blocked':
      return 'egress';
    case 'unexpected-content':
      return 'unexpected-content';
    case 'dns-failed':
    case 'connect-failed':
    case 'timeout':
    case 'protocol-error':
      return 'unwell';
    case 'unexpected-status':
      // A person's own expired login is their failure, not that of everybody who comes after them.
      if (side === 'credentials') return ownCredentials ? 'well' : 'credentials';
      return status !== null && (status >= 500 || status === 408) ? 'unwell' : 'well';
    default:
      // `absent`, `response-too-large`: it answered as it should, or said something about this one request.
      return 'well';
  }
}

/** Is a hold moved on by such an answer, instead of released? */
export function isFailing(sign: Sign | null): sign is FailureKind {
  return sign !== null && sign !== 'well';
}
