import { processEnvironment } from './config.ts';
import type { Log, LogFields } from './log.ts';
import { whenNpmEnds } from './npm-parent.ts';

export type StopCause = { reason: 'SIGTERM' | 'SIGINT' | 'failed'; error?: unknown };

export type ServiceContext = {
  /** Fires when the process is to stop: a start that waits for something gives up then. */
  signal: AbortSignal;
  /** The service cannot go on: everything is stopped, and the exit code is 1. */
  fail(error: unknown): void;
};

/** What runs from start to stop. A start that rejects has cleaned up after itself; a stop completes and has a cause. */
export type Service = {
  name: string;
  start(context: ServiceContext): Promise<void>;
  stop(cause: StopCause): Promise<void>;
};

export type RunOptions = {
  log: Log;
  /** Fields of the `ready` line, asked for when everything has started, e.g. `{ url }`. */
  ready?: () => LogFields;
  /** For tests: where signals come from, and what ends the process. */
  signals?: NodeJS.EventEmitter;
  exit?: (code: number) => void;
  stopWithinMs?: number;
};

/** A stop takes 30 s at most (contract §2); one second is for what comes after it. */
const defaultStopWithinMs = 29_000;
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/** A service of what a function starts and of what that returned stops. */
export function service(
  name: string,
  start: (context: ServiceContext) => Promise<{ stop(cause: StopCause): Promise<void> }>,
): Service {
  let running: { stop(cause: StopCause): Promise<void> } | null = null;
  return {
    name,
    async start(context) {
      running = await start(context);
    },
    async stop(cause) {
      await running?.stop(cause);
      running = null;
    },
  };
}

/**
 * Starts the services in order, logs `ready`, and waits for SIGTERM, SIGINT or a failure; then stops them in reverse
 * order. A second signal ends the process at once, as does a stop that takes too long.
 *
 *     starting ──all started──► ready ──signal, failure──► stopping ──► stopped
 *         └──────────signal, failure───────────────────────┘
 *
 * @returns the exit code: 0 after a signal, 1 after a failure.
 */
export async function runServices(services: readonly Service[], options: RunOptions): Promise<number> {
  const { log, ready, signals = process, exit = (code) => process.exit(code) } = options;
  const stopping = new AbortController();
  const asked = Promise.withResolvers<StopCause>();
  let overdue: NodeJS.Timeout | undefined;
  let current = '';

  function ask(cause: StopCause): void {
    if (stopping.signal.aborted) return;
    overdue = setTimeout(() => {
      log.error(
        'stop.overdue',
        { service: current },
        'Did not stop in time; what was in flight is taken over by others',
      );
      exit(1);
    }, options.stopWithinMs ?? defaultStopWithinMs);
    stopping.abort();
    asked.resolve(cause);
  }
  const onSignal = (reason: 'SIGTERM' | 'SIGINT') =>
    stopping.signal.aborted ? exit(exitCodes[reason]) : ask({ reason });
  const fail = (error: unknown) => {
    log.fatal('failed', { error });
    ask({ reason: 'failed', error });
  };
  const listeners = { SIGTERM: onSignal, SIGINT: onSignal, uncaughtException: fail };
  for (const [name, listener] of Object.entries(listeners)) signals.on(name, listener);
  // No second signal: where npm has ended by the same Ctrl-C as this process, what is in flight ends all the same.
  const unwatch = whenNpmEnds(processEnvironment(), () => ask({ reason: 'SIGTERM' }));

  const started: Service[] = [];
  try {
    for (const each of services) {
      current = each.name;
      if (!stopping.signal.aborted && (await startOne(each, { signal: stopping.signal, fail }))) started.push(each);
    }
    if (!stopping.signal.aborted) log.info('ready', ready?.());
    const cause = await asked.promise;
    log.info('stopping', { reason: cause.reason });
    const clean = await stopAll(started, cause, log, (name) => {
      current = name;
    });
    log.info('stopped');
    return cause.reason === 'failed' || !clean ? 1 : 0;
  } finally {
    clearTimeout(overdue);
    unwatch();
    for (const [name, listener] of Object.entries(listeners)) signals.off(name, listener);
  }
}

/** False if it did not start; a start that gave up because the process is to stop is no failure. */
async function startOne(each: Service, context: ServiceContext): Promise<boolean> {
  try {
    await each.start(context);
    return true;
  } catch (error) {
    if (!context.signal.aborted) context.fail(error);
    return false;
  }
}

/** False if a service failed to stop; the others are stopped all the same. */
async function stopAll(
  started: readonly Service[],
  cause: StopCause,
  log: Log,
  onNext: (name: string) => void,
): Promise<boolean> {
  let clean = true;
  for (const each of started.toReversed()) {
    onNext(each.name);
    try {
      await each.stop(cause);
    } catch (error) {
      clean = false;
      log.error('stop.failed', { service: each.name, error });
    }
  }
  return clean;
}
