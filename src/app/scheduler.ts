import type { Pool } from 'pg';
import { uuidv7 } from 'uuidv7';
import { Refusal } from '../contract/problem.ts';
import { silentForMs } from '../invocations/sweep.ts';
import { isTransient, isUnavailable } from '../platform/pg.ts';
import { type Advance, createAdvance } from '../schedules/advance.ts';
import type { StartBatch } from '../schedules/batches.ts';
import { type CollectDependencies, createCollect, failUnforeseen } from '../schedules/collect.ts';
import { fireDue } from '../schedules/fire.ts';
import {
  addPage,
  endRun,
  endRunsOfEndedBatches,
  noteBatch,
  pageAnswer,
  pagesOfRun,
  takeRuns,
} from '../store/schedule-runs.ts';
import { dueSchedules, fireSchedules } from '../store/schedules.ts';
import type { Core } from './core.ts';

/** How late a schedule may begin, and how soon its next step is taken after one that led somewhere. */
const passIntervalMs = { longest: 2_000, shortest: 100 };
/** Of one pass; the next one goes on. */
const endedPerPass = 500;

export type Scheduler = {
  /** One pass: ends what has ended, fires what is due, takes runs further; answers whether to look again soon. */
  pass(): Promise<boolean>;
  /** Resolves when no step is under way. */
  idle(): Promise<void>;
  stop(): Promise<void>;
};

type SchedulerCore = Pick<Core, 'pool' | 'configurations' | 'enqueue' | 'log'>;

/** What a batch lane's worker does for schedules, once for each call of `pass`. @param worker its id in `workers` */
export function openScheduler(core: SchedulerCore, worker: string, startBatch: StartBatch): Scheduler {
  const { pool, log } = core;
  const advance = openAdvance(core, worker, startBatch);
  return {
    async pass() {
      for (const { integration, schedule, batch, outcome } of await endRunsOfEndedBatches(pool, endedPerPass)) {
        log.info('schedule.ended', { integration, schedule, batch, outcome }, 'A run of a schedule has ended');
      }
      await fireDue({
        due: (limit) => dueSchedules(pool, limit),
        fire: (firings) => fireSchedules(pool, firings),
        newId: () => uuidv7(),
        log,
      });
      return advance.advance();
    },
    idle: () => advance.idle(),
    stop: () => advance.stop(),
  };
}

function openAdvance(
  { pool, configurations, enqueue, log }: SchedulerCore,
  worker: string,
  startBatch: StartBatch,
): Advance {
  const store = collectStore(pool, worker);
  return createAdvance({
    take: (busy, limit) => takeRuns(pool, worker, { busy, silentForMs, limit }),
    collect: createCollect({
      configurations,
      enqueue,
      startBatch,
      pageAnswer: (invocation) => pageAnswer(pool, invocation),
      store,
    }),
    fail: (run) => failUnforeseen(store, run),
    isTemporary: (error) =>
      isUnavailable(error) || isTransient(error) || (error instanceof Refusal && error.kind === 'unavailable'),
    log,
  });
}

function collectStore(pool: Pool, worker: string): CollectDependencies['store'] {
  return {
    pages: (run) => pagesOfRun(pool, run),
    addPage: (run, page) => addPage(pool, worker, run.id, page),
    begun: (run, batch) => noteBatch(pool, worker, run, batch),
    end: (run, ended, audit) => endRun(pool, worker, run, ended, audit),
  };
}

/**
 * Runs the passes of a batch lane's worker. Every such worker looks, none leads: each statement is guarded by the rows
 * that it moves. Not the leader, which may be the interactive lane's process: a page of some MiB would hold up its clicks.
 */
export function startScheduler(core: SchedulerCore, worker: string, startBatch: StartBatch): { stop(): Promise<void> } {
  const scheduler = openScheduler(core, worker, startBatch);
  let stopped = false;
  let pauseMs = passIntervalMs.longest;
  let timer: NodeJS.Timeout;
  let passing: Promise<void> = Promise.resolve();

  async function pass(): Promise<void> {
    try {
      const progressed = await scheduler.pass();
      pauseMs = progressed ? passIntervalMs.shortest : Math.min(2 * pauseMs, passIntervalMs.longest);
    } catch (error) {
      pauseMs = passIntervalMs.longest;
      core.log.warn('schedules.failed', { error }, 'Could not look at the schedules; the next pass goes on');
    }
    arm();
  }

  function arm(): void {
    if (stopped) return;
    timer = setTimeout(() => {
      passing = pass();
    }, pauseMs);
  }

  arm();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await passing;
      await scheduler.stop();
    },
  };
}
