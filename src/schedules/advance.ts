import type { OpenRun } from './schedule.ts';

export type AdvanceDependencies = {
  /** Takes up to so many runs whose next step can be taken; not those that this process is busy with. */
  take: (busy: readonly string[], limit: number) => Promise<OpenRun[]>;
  collect: (run: OpenRun, signal: AbortSignal) => Promise<void>;
  /** Ends a run that an unforeseen error came of. */
  fail: (run: OpenRun) => Promise<void>;
  /** Is it worth trying again, because the database is away? */
  isTemporary: (error: unknown) => boolean;
  log: Record<'warn' | 'error', (event: string, fields: Record<string, unknown>, message: string) => void>;
};

export type Advance = {
  /** Begins the steps that can be taken; answers whether it is worth looking again soon. */
  advance(): Promise<boolean>;
  /** Resolves when no step is under way. */
  idle(): Promise<void>;
  /** Breaks off what takes long, and resolves when nothing is under way. Whoever takes the runs over goes on. */
  stop(): Promise<void>;
};

/** Steps under way in one process: most are moments, but a long list may take minutes to become a batch. */
const maxSteps = 8;

/** Takes runs further, a few at a time, so that one with a million items does not hold up the others. */
export function createAdvance(dependencies: AdvanceDependencies): Advance {
  const { take, collect, log } = dependencies;
  const busy = new Map<string, Promise<void>>();
  const stopping = new AbortController();
  let done = 0;
  let waits = false;

  async function step(run: OpenRun): Promise<void> {
    const fields = { integration: run.integration, schedule: run.schedule, run: run.id };
    try {
      await collect(run, stopping.signal);
      done += 1;
    } catch (error) {
      if (dependencies.isTemporary(error)) {
        waits = true;
        log.warn('schedule.waits', { ...fields, error }, 'A run of a schedule cannot go on now; it is tried again');
        return;
      }
      log.error('schedule.crashed', { ...fields, error }, 'Errand failed');
      await dependencies.fail(run);
    }
  }

  async function idle(): Promise<void> {
    await Promise.all(busy.values());
  }

  return {
    async advance() {
      const free = stopping.signal.aborted ? 0 : maxSteps - busy.size;
      const runs = free <= 0 ? [] : await take([...busy.keys()], free);
      for (const run of runs) {
        const stepping = step(run)
          .catch((error) => {
            waits = true;
            log.warn('schedule.waits', { run: run.id, error }, 'Could not end a run of a schedule; it is taken again');
          })
          .finally(() => busy.delete(run.id));
        busy.set(run.id, stepping);
      }
      const again = (runs.length > 0 || done > 0) && !waits;
      done = 0;
      waits = false;
      return again;
    },
    idle,
    async stop() {
      stopping.abort();
      await idle();
    },
  };
}
