import type { Validators } from '../judging/validators.ts';
import type { Claimed } from './invocation.ts';

/** What was sent before it was aborted: for rendering the request again. */
export type SentBefore = {
  commandVersion: number;
  configurationVersion: number;
  lastSyncAt: number | null;
  validators: Validators | null;
};

/** An exchange was aborted because a person cancelled its invocation; the row says so already. */
export class CancelledByPerson extends Error {
  readonly sent: SentBefore | null;

  constructor(sent: SentBefore | null = null) {
    super('The invocation was cancelled');
    this.name = 'CancelledByPerson';
    this.sent = sent;
  }
}

/** An exchange was aborted because its worker stops: what is in flight is somebody else's from now on. */
export class Interrupted extends Error {
  constructor() {
    super('The worker stops');
    this.name = 'Interrupted';
  }
}

/** The worker was silent for so long, frozen or cut off, that others may have its rows: this one was not sent. */
export class LostTouch extends Error {
  constructor() {
    super('The worker was out of touch: others may have sent it meanwhile');
    this.name = 'LostTouch';
  }
}

export type Cancellations = {
  /** Runs an attempt with a signal that aborts, with `CancelledByPerson` or `Interrupted`, when it is to end at once. */
  during<Answer>(
    attempt: Pick<Claimed, 'id' | 'attempt'>,
    run: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer>;
  /** `<invocation> <attempt>`, as it is told to all workers: most of it is none of this one's. */
  cancel(attempt: string): void;
  /** The worker stops: aborts all that run, and what begins later. */
  interrupt(): void;
};

/** Of attempts told before this worker knew that it has them: the claim's answer may come after the notification. */
const remembered = 1_000;

/**
 * Which exchanges of this worker are to be aborted. By attempt, not by invocation: one that was cancelled may be retried
 * while its old attempt is still being aborted.
 */
export function createCancellations(): Cancellations {
  const running = new Map<string, AbortController>();
  const early = new Set<string>();
  let interrupted = false;

  return {
    async during({ id, attempt }, run) {
      const key = `${id} ${attempt}`;
      const controller = new AbortController();
      if (early.delete(key)) controller.abort(new CancelledByPerson());
      if (interrupted) controller.abort(new Interrupted());
      running.set(key, controller);
      try {
        return await run(controller.signal);
      } finally {
        running.delete(key);
      }
    },
    cancel(attempt) {
      const controller = running.get(attempt);
      if (controller !== undefined) return controller.abort(new CancelledByPerson());
      early.add(attempt);
      for (const oldest of early) {
        if (early.size <= remembered) break;
        early.delete(oldest);
      }
    },
    interrupt() {
      interrupted = true;
      for (const controller of running.values()) controller.abort(new Interrupted());
    },
  };
}
