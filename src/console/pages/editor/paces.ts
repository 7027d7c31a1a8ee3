import type { CommandBody, Retry } from '../../../contract/command.ts';
import type { Lane } from '../../../contract/lane.ts';
import type { Measure } from './measures.ts';

/** How long and how often a command is tried in a lane; `null`: as the lane does by itself. */
export type Pace = {
  timeoutMs: Measure;
  deadlineMs: Measure;
  attempts: number | null;
  baseMs: Measure;
  maxMs: Measure;
  nonIdempotent: boolean | null;
};

/**
 * `apart`: each lane has values of its own; else both have those of `interactive`, and `batch` is kept for when they are
 * apart again.
 */
export type Paces = { apart: boolean; interactive: Pace; batch: Pace };

export const noPace: Pace = {
  timeoutMs: null,
  deadlineMs: null,
  attempts: null,
  baseMs: null,
  maxMs: null,
  nonIdempotent: null,
};

type Times = Pick<CommandBody, 'timeoutMs' | 'deadlineMs' | 'retry'>;

export function pacesOf(command: Times): Paces {
  const interactive = paceIn(command, 'interactive');
  const batch = paceIn(command, 'batch');
  return isSamePace(interactive, batch)
    ? { apart: false, interactive, batch: noPace }
    : { apart: true, interactive, batch };
}

const isSamePace = (one: Pace, other: Pace) => JSON.stringify(one) === JSON.stringify(other);

/** Nobody's values are lost by looking: a lane without any of its own begins with what held for both. */
export function setApart({ interactive, batch }: Paces, apart: boolean): Paces {
  if (apart) return { apart, interactive, batch: isSamePace(batch, noPace) ? interactive : batch };
  return { apart, interactive, batch: isSamePace(batch, interactive) ? noPace : batch };
}

function paceIn({ timeoutMs, deadlineMs, retry = {} }: Times, lane: Lane): Pace {
  const own = ownRetry(retry, lane);
  return {
    timeoutMs: valueIn(timeoutMs, lane),
    deadlineMs: valueIn(deadlineMs, lane),
    attempts: own.attempts ?? null,
    baseMs: own.baseMs ?? null,
    maxMs: own.maxMs ?? null,
    nonIdempotent: own.nonIdempotent ?? null,
  };
}

const valueIn = (given: Times['timeoutMs'], lane: Lane) => (typeof given === 'object' ? given[lane] : given) ?? null;

function ownRetry(retry: NonNullable<Times['retry']>, lane: Lane): Retry {
  return isPerLane(retry) ? (retry[lane] ?? {}) : retry;
}

const isPerLane = (retry: NonNullable<Times['retry']>): retry is { [lane in Lane]?: Retry | undefined } =>
  'interactive' in retry || 'batch' in retry;

/** One value where both lanes have the same, and one for each where they differ. Texts that are no measure stay in it. */
export function pacesToBody({ apart, interactive, batch }: Paces): Times {
  const nightly = apart ? batch : interactive;
  const timeoutMs = joined(interactive.timeoutMs, nightly.timeoutMs);
  const deadlineMs = joined(interactive.deadlineMs, nightly.deadlineMs);
  const retry = joined(retryOf(interactive), retryOf(nightly));
  return {
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(retry === undefined ? {} : { retry }),
  } as Times;
}

function joined<Value>(interactive: Value | null, batch: Value | null) {
  if (JSON.stringify(interactive) === JSON.stringify(batch)) return interactive ?? undefined;
  return {
    ...(interactive === null ? {} : { interactive }),
    ...(batch === null ? {} : { batch }),
  };
}

function retryOf({ attempts, baseMs, maxMs, nonIdempotent }: Pace) {
  const retry = {
    ...(attempts === null ? {} : { attempts }),
    ...(baseMs === null ? {} : { baseMs }),
    ...(maxMs === null ? {} : { maxMs }),
    ...(nonIdempotent === null ? {} : { nonIdempotent }),
  };
  return Object.keys(retry).length === 0 ? null : retry;
}
