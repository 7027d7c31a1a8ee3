import { createStatistics } from '../statistics/read.ts';
import type { Tally } from '../statistics/tally.ts';
import { createStatisticsWriter, type StatisticsWriter } from '../statistics/writer.ts';
import { laneStates } from '../store/lane-states.ts';
import { addStatistics, fateOf, sumStatistics } from '../store/statistics.ts';
import type { Core } from './core.ts';

/** What a worker counted, written to the database. */
export function openStatisticsWriter({ pool, log }: Pick<Core, 'pool' | 'log'>, tally: Tally): StatisticsWriter {
  return createStatisticsWriter({
    tally,
    store: {
      add: (minutes, onBegun) => addStatistics(pool, minutes, onBegun),
      fateOf: (transaction) => fateOf(pool, transaction),
    },
    log,
  });
}

/** What all workers counted, and what waits for them, read from the database. */
export function openStatistics({ pool }: Pick<Core, 'pool'>) {
  return createStatistics({
    store: {
      sum: (accounts, query, span) => sumStatistics(pool, accounts, query, span),
      lanes: (accounts) => laneStates(pool, accounts),
    },
    now: Date.now,
  });
}
