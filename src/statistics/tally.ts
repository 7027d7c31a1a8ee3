import type { ErrorCode } from '../contract/errors.ts';
import type { Lane } from '../contract/lane.ts';
import type { Settled } from '../invocations/invocation.ts';
import { addDuration, addDurations } from '../judging/durations.ts';

/** What happened, as it is added up. Its kinds are those of `StatisticsItem`. */
export type Counts = {
  succeeded: number;
  failed: number;
  absent: number;
  attempts: number;
  retried: number;
  /** Of attempts that were sent: see `judging/durations`. */
  durations: number[];
  /** Of attempts that failed. */
  byCode: Partial<Record<ErrorCode, number>>;
};

/** Within a minute, of a command, in a lane. `at`: when the minute begins, in Unix milliseconds. */
export type Counted = Counts & { at: number; integration: string; command: string; lane: Lane };

export type CountedOf = Pick<Counted, 'integration' | 'command' | 'lane'>;

export type Tally = {
  /** Counts attempts that were recorded, and what ended by them. Only adds in memory; never throws. */
  count(recorded: readonly Settled[]): void;
  /** Counts invocations that failed without another attempt. `at`: Unix milliseconds by the database's clock. */
  countFailed(of: CountedOf, at: number, failed: number): void;
  /** Hands out what was counted since the last time, and begins anew. */
  take(): Counted[];
  /** What was taken and could not be written is counted with what came since. */
  putBack(counted: readonly Counted[]): void;
  /** How many attempts and endings were not counted because there was no room, since this was last asked. */
  takeUncounted(): number;
};

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/**
 * Minutes of commands that are kept until they are written. A process has a few hundred within the seconds that this takes;
 * if it cannot be written at all, memory is more than a chart.
 */
const maxKept = 10_000;

/**
 * What this process did since it was last written down: attempts that it recorded, and invocations of batches that it ended
 * because their time was over. Not counted are cancelled invocations, and attempts that were never judged: those in flight
 * when a person cancelled them, or when their worker died.
 */
export function createTally(max = maxKept): Tally {
  let kept = new Map<string, Counted>();
  let uncounted = 0;
  /** The last one, for groups mostly are of one command. */
  let last: Counted | null = null;

  function countsOf({ integration, command, lane }: CountedOf, endedAt: number): Counted | null {
    const at = endedAt - (endedAt % minuteMs);
    if (
      last !== null &&
      last.at === at &&
      last.command === command &&
      last.integration === integration &&
      last.lane === lane
    ) {
      return last;
    }
    const key = keyOf(at, { integration, command, lane });
    let counts = kept.get(key);
    if (counts === undefined) {
      if (kept.size >= max) return null;
      counts = { at, integration, command, lane, ...none(), durations: [], byCode: {} };
      kept.set(key, counts);
    }
    last = counts;
    return counts;
  }

  return {
    count(recorded) {
      for (const settled of recorded) {
        const { claimed, attempt } = settled;
        const counts = countsOf(claimed, Math.floor(attempt.startedAt + attempt.durationMs));
        if (counts === null) uncounted += 1;
        else add(counts, settled);
      }
    },
    countFailed(of, at, failed) {
      const counts = countsOf(of, at);
      if (counts === null) uncounted += failed;
      else counts.failed += failed;
    },
    take() {
      const counted = [...kept.values()];
      kept = new Map();
      last = null;
      return counted;
    },
    putBack(counted) {
      for (const each of counted) {
        const counts = countsOf(each, each.at);
        if (counts === null) uncounted += each.attempts;
        else addCounts(counts, each);
      }
    },
    takeUncounted() {
      const count = uncounted;
      uncounted = 0;
      return count;
    },
  };
}

const keyOf = (at: number, { integration, command, lane }: CountedOf) => `${at} ${integration} ${command} ${lane}`;

const numbers = ['succeeded', 'failed', 'absent', 'attempts', 'retried'] as const;

const none = () => ({ succeeded: 0, failed: 0, absent: 0, attempts: 0, retried: 0 });

function add(counts: Counts, { attempt, next }: Settled): void {
  counts.attempts += 1;
  if (attempt.sent) addDuration(counts.durations, attempt.durationMs);
  if (attempt.error !== null) addCode(counts, attempt.error.code, 1);
  if (next.status === 'succeeded') counts.succeeded += 1;
  else if (next.status === 'retrying') counts.retried += 1;
  else if (next.error.code === 'absent') counts.absent += 1;
  else counts.failed += 1;
}

function addCode({ byCode }: Counts, code: ErrorCode, count: number): void {
  byCode[code] = (byCode[code] ?? 0) + count;
}

/** Adds what was counted elsewhere. */
export function addCounts(counts: Counts, others: Counts): void {
  for (const name of numbers) counts[name] += others[name];
  addDurations(counts.durations, others.durations);
  for (const [code, count] of Object.entries(others.byCode)) addCode(counts, code as ErrorCode, count);
}

/** What lies in the same hour or day (of UTC) added up; `at` is when that begins. */
export function widened(counted: readonly Counted[], widthMs: number): Counted[] {
  const sums = new Map<string, Counted>();
  for (const each of counted) {
    const at = each.at - (each.at % widthMs);
    const key = keyOf(at, each);
    const sum = sums.get(key);
    if (sum !== undefined) addCounts(sum, each);
    else sums.set(key, { ...each, at, durations: [...each.durations], byCode: { ...each.byCode } });
  }
  return [...sums.values()];
}
