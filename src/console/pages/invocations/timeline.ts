import type { Attempt, Invocation, Phases } from '../../../contract/invocation.ts';
import { hasEnded } from '../../../contract/invocation-status.ts';
import { lowerFirst, upperFirst } from '../../parts/letters.ts';
import { durationWords } from '../../parts/measures.ts';
import { codeTitle, laneWords, outcomeWords, statusWords } from '../../words.ts';

export type Moment = {
  key: string;
  kind: 'accepted' | 'waited' | 'attempt' | 'next' | 'ended';
  title: string;
  /** When it began; `null` for a span between two moments. */
  at: string | null;
  about: string | null;
  attempt: Attempt | null;
};

/** Waits that are shorter say nothing: a worker takes some time to come round. */
const leastWaitMs = 5;

/** What happened to an invocation, in order: accepted, waited, sent and answered, waited again, ended. */
export function momentsOf(invocation: Invocation): Moment[] {
  const { createdAt, attempts, lane, status, nextAttemptAt, finishedAt } = invocation;
  const moments: Moment[] = [moment('accepted', 'Accepted', { at: createdAt, about: `Lane: ${laneWords[lane]}` })];
  let since = Date.parse(createdAt);
  for (const attempt of attempts) {
    const began = Date.parse(attempt.startedAt);
    if (began - since >= leastWaitMs) moments.push(waited(`before-${attempt.number}`, began - since, attempt.number));
    moments.push(
      moment('attempt', `Attempt ${attempt.number}: ${attemptWords(attempt)}`, {
        key: `attempt-${attempt.number}`,
        at: attempt.startedAt,
        about: outcomeWords[attempt.outcome],
        attempt,
      }),
    );
    since = began + attempt.durationMs;
  }
  if (hasEnded(status)) return [...moments, moment('ended', upperFirst(statusWords[status]), { at: finishedAt })];
  if (status === 'running') return [...moments, moment('next', 'Being sent now')];
  return [...moments, moment('next', upperFirst(statusWords[status]), { at: nextAttemptAt })];
}

function moment(kind: Moment['kind'], title: string, rest: Partial<Moment> = {}): Moment {
  return { key: kind, kind, title, at: null, about: null, attempt: null, ...rest };
}

function waited(key: string, ms: number, next: number): Moment {
  return moment('waited', `Waited ${durationWords(ms)}`, {
    key,
    about: next === 1 ? 'in the queue, until a worker took it' : 'until it was tried again',
  });
}

/** "answered 200 after 41 ms". */
export function attemptWords({ status, error, durationMs }: Pick<Attempt, 'status' | 'error' | 'durationMs'>): string {
  const after = `after ${durationWords(durationMs)}`;
  if (status !== null) return `answered ${status} ${after}`;
  return `${error === null ? 'no answer' : lowerFirst(codeTitle(error.code, error.cause))} ${after}`;
}

export type Phase = { key: keyof Phases; label: string; ms: number };

const phaseLabels: Readonly<Record<keyof Phases, string>> = {
  dnsMs: 'Finding the host (DNS)',
  connectMs: 'Connecting',
  tlsMs: 'Securing (TLS)',
  firstByteMs: 'Waiting for the first byte',
  bodyMs: 'Receiving the body',
};

/** The parts of an exchange that it came to, in order. */
export function phasesIn(phases: Phases): Phase[] {
  return (Object.keys(phaseLabels) as (keyof Phases)[]).flatMap((key) => {
    const ms = phases[key];
    return ms === null ? [] : [{ key, label: phaseLabels[key], ms }];
  });
}

/** Did it go over a connection that was open already? */
export const isReused = ({ dnsMs, connectMs, firstByteMs }: Phases) =>
  dnsMs === null && connectMs === null && firstByteMs !== null;
