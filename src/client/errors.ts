import type { Batch } from '../contract/batch.ts';
import type { Invocation } from '../contract/invocation.ts';
import type { FieldError, Problem } from '../contract/problem.ts';

const problemPrefix = 'urn:errand:problem:';

/** The API answered with a problem (RFC 9457). Match `type` or `status`, never the message. */
export class ApiError extends Error {
  readonly problem: Problem;
  /** `not-found`, `invalid`, `conflict`, …: the problem's `type` without its prefix; `about:blank` is a proxy's answer. */
  readonly type: string;
  readonly status: number;
  /** What is wrong with which field, for `invalid`; otherwise empty. */
  readonly errors: readonly FieldError[];
  /** For how long the API asked to wait before another try, in milliseconds; `null` if it did not say. */
  readonly retryAfterMs: number | null;

  constructor(problem: Problem, retryAfterMs: number | null = null) {
    const errors = problem.errors ?? [];
    super(problem.detail + errors.map(({ path, message }) => `\n  ${path}: ${message}`).join(''));
    this.name = 'ApiError';
    this.problem = problem;
    this.type = problem.type.startsWith(problemPrefix) ? problem.type.slice(problemPrefix.length) : problem.type;
    this.status = problem.status;
    this.errors = errors;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The API could not be reached at all, or did not answer in time; `cause` says which. */
export class ApiUnreachable extends Error {
  constructor(url: string, cause: unknown) {
    super(`Errand does not answer at ${url}. Is it running? Start it with "npx errand up", or set ERRAND_URL.`, {
      cause,
    });
    this.name = 'ApiUnreachable';
  }
}

/** An invocation or a batch had not ended when the time to wait for it was over. It is kept, and goes on. */
export class WaitTimeout extends Error {
  /** As it was last seen; `null` where it was not looked at, or it is a batch that was waited for. */
  readonly invocation: Invocation | null;
  /** As it was last seen; `null` where it was not looked at, or it is an invocation that was waited for. */
  readonly batch: Batch | null;

  constructor(what: string, timeoutMs: number, seen: { invocation?: Invocation | null; batch?: Batch | null } = {}) {
    super(`${what} has not ended after ${timeoutMs} ms; it goes on, and can be waited for again.`);
    this.name = 'WaitTimeout';
    this.invocation = seen.invocation ?? null;
    this.batch = seen.batch ?? null;
  }
}

/** What was to be added to the queue does not have the documented shape: the worker would refuse it as `invalid-job`. */
export class InvalidJob extends Error {
  readonly errors: readonly FieldError[];

  constructor(errors: readonly FieldError[]) {
    super(`Not a job that Errand takes:${errors.map(({ path, message }) => `\n  ${path}: ${message}`).join('')}`);
    this.name = 'InvalidJob';
    this.errors = errors;
  }
}
