import { setTimeout as delay } from 'node:timers/promises';
import type { Counted, Tally } from './tally.ts';

/** What became of a transaction whose end was not told. */
export type Fate = 'committed' | 'aborted' | 'in progress';

export type WriterOptions = {
  tally: Tally;
  store: {
    /** Adds to what is kept, all or nothing; tells the transaction's name before anything is written. */
    add(minutes: readonly Counted[], onBegun: (transaction: string) => void): Promise<void>;
    fateOf(transaction: string): Promise<Fate>;
  };
  log: Record<'info' | 'warn', (event: string, fields: Record<string, unknown>, message: string) => void>;
  /** How long counts lie in memory: what a process that is killed takes with it. */
  intervalMs?: number;
  /** How long the last writing may take when the process stops. */
  lastWriteMs?: number;
};

export type StatisticsWriter = {
  start(): void;
  /** Writes what there is. Resolves also if that failed: it is tried again the next time. */
  flush(): Promise<void>;
  /** Writes what there is, again where that fails or where it is not known yet what became of it, as long as there is time. Repeatable. */
  stop(): Promise<void>;
};

/** Charts are looked at by people; a write each five seconds costs the database nothing that matters. */
const defaultIntervalMs = 5_000;
/** A stop has 30 s, nearly all of which belong to what is in flight. */
const defaultLastWriteMs = 1_500;
/** The server takes a moment to notice that a connection is gone, and to roll back. */
const tryAgainMs = 50;

/**
 * Writes down every few seconds what was counted. What could not be written is put back; where it is not known, because the
 * connection broke, the transaction is asked after first, so that nothing is counted twice.
 */
export function createStatisticsWriter(options: WriterOptions): StatisticsWriter {
  const { tally, store, log, intervalMs = defaultIntervalMs, lastWriteMs = defaultLastWriteMs } = options;
  let doubtful: { transaction: string; minutes: Counted[] } | null = null;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let stopped: Promise<void> | null = null;
  let failing = false;

  async function settleDoubt(): Promise<boolean> {
    if (doubtful === null) return true;
    const fate = await store.fateOf(doubtful.transaction);
    if (fate === 'in progress') return false;
    if (fate === 'aborted') tally.putBack(doubtful.minutes);
    doubtful = null;
    return true;
  }

  async function write(): Promise<void> {
    if (!(await settleDoubt())) return;
    const minutes = tally.take();
    if (minutes.length === 0) return;
    let transaction: string | null = null;
    try {
      await store.add(minutes, (name) => {
        transaction = name;
      });
    } catch (error) {
      if (transaction === null) tally.putBack(minutes);
      else doubtful = { transaction, minutes };
      throw error;
    }
  }

  async function writeOrSay(): Promise<void> {
    try {
      await write();
      if (failing && doubtful === null) log.info('statistics.written', {}, 'Statistics are written again');
      failing = doubtful !== null;
    } catch (error) {
      if (!failing) log.warn('statistics.not-written', { error }, 'Statistics were not written; tries again');
      failing = true;
    }
    const uncounted = tally.takeUncounted();
    if (uncounted > 0) log.warn('statistics.incomplete', { uncounted }, 'There was no room to count these');
  }

  function flush(): Promise<void> {
    writing = writing.then(writeOrSay);
    return writing;
  }

  function schedule(): void {
    if (stopped !== null) return;
    timer = setTimeout(() => void flush().then(schedule), intervalMs);
  }

  return {
    start: schedule,
    flush,
    stop() {
      stopped ??= stopOnce();
      return stopped;
    },
  };

  async function stopOnce(): Promise<void> {
    clearTimeout(timer);
    const stopping = new AbortController();
    let overdue: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      overdue = setTimeout(resolve, lastWriteMs);
    });
    await Promise.race([writeTheRest(stopping.signal), late]);
    stopping.abort();
    clearTimeout(overdue);
  }

  async function writeTheRest(signal: AbortSignal): Promise<void> {
    await flush();
    while (failing && !signal.aborted) {
      await delay(tryAgainMs);
      await flush();
    }
  }
}
