import type { Lane } from '../contract/lane.ts';
import type { LaneRow } from '../statistics/read.ts';
import type { MeterName } from './catalogue.ts';
import type { Meters } from './meters.ts';

/** What the database says of all processes' work. */
export type Readings = {
  lanes: readonly (LaneRow & { oldestSeconds: number | null })[];
  queues: readonly { lane: Lane; jobs: number }[];
  holding: readonly { reason: string; count: number }[];
  batches: readonly { status: string; count: number }[];
  overdueSchedules: number;
};

/** However often it is scraped, and by however many: the database is asked no more often than this. */
const keptMs = 10_000;
/** Scrapers give up after ten seconds; what the process itself knows is to be told by then. */
const patienceMs = 3_000;

const ofReadings = [
  'errand_invocations_open',
  'errand_oldest_waiting_seconds',
  'errand_queue_jobs',
  'errand_workers',
  'errand_integrations_holding',
  'errand_batches_open',
  'errand_schedules_overdue',
] as const satisfies readonly MeterName[];

/** Reads the database's meters anew if they are old. Never rejects: what cannot be read is absent. */
export function createReadings(
  meters: Meters,
  read: () => Promise<Readings>,
  {
    now = () => performance.now(),
    onError = () => {},
  }: { now?: () => number; onError?: (error: unknown) => void } = {},
) {
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | null = null;

  async function readNow(): Promise<void> {
    try {
      const readings = await read();
      show(meters, readings);
      meters.of('errand_database_up').set(1);
    } catch (error) {
      onError(error);
      unknown(meters);
    }
    readAt = now();
  }

  return async function refresh(): Promise<void> {
    if (now() - readAt < keptMs) return;
    reading ??= readNow().finally(() => {
      reading = null;
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        unknown(meters);
        resolve();
      }, patienceMs);
    });
    await Promise.race([reading, late]);
    clearTimeout(timer);
  };
}

function unknown(meters: Meters): void {
  for (const name of ofReadings) meters.of(name).reset();
  // Without labels, a gauge that was reset says 0: that nothing is overdue, which is not known.
  meters.of('errand_schedules_overdue').set(Number.NaN);
  meters.of('errand_database_up').set(0);
}

function show(meters: Meters, { lanes, queues, holding, batches, overdueSchedules }: Readings): void {
  for (const name of ofReadings) meters.of(name).reset();
  for (const { lane, waiting, running, retrying, workers, oldestSeconds } of lanes) {
    for (const [state, count] of Object.entries({ waiting, running, retrying })) {
      meters.of('errand_invocations_open').set({ lane, state }, count);
    }
    meters.of('errand_oldest_waiting_seconds').set({ lane }, oldestSeconds ?? 0);
    meters.of('errand_workers').set({ lane }, workers);
  }
  for (const { lane, jobs } of queues) meters.of('errand_queue_jobs').set({ lane }, jobs);
  for (const { reason, count } of holding) meters.of('errand_integrations_holding').set({ reason }, count);
  for (const { status, count } of batches) meters.of('errand_batches_open').set({ status }, count);
  meters.of('errand_schedules_overdue').set(overdueSchedules);
}
