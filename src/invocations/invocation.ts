import { type AuditRecord, system } from '../audit/entry.ts';
import type { Failure } from '../contract/errors.ts';
import type { AttemptOutcome, InvocationStatus, Phases } from '../contract/invocation.ts';
import type { Lane } from '../contract/lane.ts';
import type { Tokens } from '../contract/tokens.ts';
import { type Health, saysNothing } from '../judging/breaker.ts';
import type { Validators } from '../judging/validators.ts';

/**
 * The life of an invocation. Every arrow is one guarded statement in store/; nothing else changes `status`.
 *
 *   enqueue ──► queued ──claim──► running ──record──► succeeded | failed
 *                                  │   ▲
 *                    record/free   ▼   │ claim
 *                               retrying
 *
 *   queued | running | retrying ──cancel──► cancelled          succeeded | failed | cancelled ──retry──► queued
 *
 * `free` takes a running row back from a worker whose heartbeat stopped. `due_at` says when an open row is to be looked
 * at next, `rung_at` that a job was added for it.
 */
export type NewInvocation = {
  id: string;
  account: string;
  integration: string;
  command: string;
  lane: Lane;
  tokens: Tokens;
  sealedTokens: string | null;
  /** Identifies the result: the tokens that the request uses. */
  fingerprint: Buffer;
  reference: string | null;
  idempotencyKey: string | null;
  /** Identifies all tokens, for the idempotency key; `null` without one. */
  keyFingerprint: Buffer | null;
  configurationVersion: number;
  /** Unix milliseconds; `null`: now. */
  runAt: number | null;
  /** Whom to tell when it has ended. */
  callbackUrl: string | null;
  /** The W3C Trace Context that its attempts belong to; `null`: each invocation has a trace of its own. */
  traceparent: string | null;
  /** The producer's own job that this invocation came from. */
  job: { queue: string; jobId: string; timestamp: number } | null;
  audit: AuditRecord;
};

/** What became of a new invocation: it is there now, or was there before under its key or its job. */
export type Enqueued =
  | { outcome: 'created'; id: string }
  | { outcome: 'existing'; id: string }
  | { outcome: 'key-conflict'; id: string };

/** A row that this worker holds. Times are the database's clock, in Unix milliseconds. */
export type Claimed = {
  id: string;
  account: string;
  integration: string;
  command: string;
  lane: Lane;
  tokens: Tokens;
  sealedTokens: string | null;
  fingerprint: Buffer;
  configurationVersion: number;
  attempt: number;
  tried: number;
  /** How often a worker died or failed over it. */
  crashes: number;
  /** Which `Idempotency-Key` is sent: see `idempotencyKeyOf`. */
  keyNumber: number;
  claimedAt: number;
  /** When this process asked for it, by a clock of its own that only ever grows, in milliseconds. */
  askedAt: number;
  firstAttemptAt: number;
  lastSyncAt: number | null;
  /** Why the attempt before this one failed. */
  lastError: Failure | null;
  batch: string | null;
  traceparent: string | null;
  /** Unix milliseconds: when its batch is to be finished, instead of the command's `deadlineMs`; `null`: that counts. */
  deadlineAt: number | null;
  /** The newest good result for the same tokens, if its answer had validators and its bytes are there. */
  known: KnownResult | null;
  /** It was let through although its integration is held, to see whether the endpoint is well again. */
  probe: boolean;
  /** Why Errand holds its integration: it is not to be sent. Of interactive rows only; batch rows wait unclaimed. */
  hold: { failure: Failure; nextProbeAt: number } | null;
  /** Milliseconds that its endpoint still asks to wait (`Retry-After`). Of interactive rows only, too. */
  waitMs: number;
};

/** A stored result that a request may be conditional on. */
export type KnownResult = Validators & {
  sha256: Buffer;
  contentType: string | null;
  /** Of its bytes. */
  size: number;
  /** What it was asked with: its validators are good for the same question only. */
  commandVersion: number;
  configurationVersion: number;
};

/** One finished attempt, as it is stored. */
export type AttemptRecord = {
  commandVersion: number | null;
  configurationVersion: number;
  /** Unix milliseconds by the database's clock. */
  startedAt: number;
  durationMs: number;
  outcome: AttemptOutcome;
  sent: boolean;
  status: number | null;
  error: Failure | null;
  responseHeaders: readonly { key: string; value: string }[] | null;
  responseBytes: number | null;
  bodyPreview: string | null;
  lastSyncAt: number | null;
  /** What it was made conditional by; `null`: it was not. */
  validators: Validators | null;
  /** Where the time of its own exchange went; `null`: it had none, or that is not known. */
  phases: Phases | null;
  result: ResultRecord | null;
};

/** `bytes` is null where the stored ones still hold (a 304); `size` is theirs then. */
export type ResultRecord = Validators & {
  bytes: Uint8Array | null;
  size: number;
  contentType: string | null;
  sha256: Buffer;
};

/** Where a claimed invocation goes after an attempt: the one thing that recording commits. */
export type Settled = {
  claimed: Claimed;
  attempt: AttemptRecord;
  next:
    | { status: 'succeeded' }
    | { status: 'failed'; error: Failure }
    | { status: 'retrying'; error: Failure; delayMs: number };
  /** What the attempt says of its integration: whether it is to be held. */
  health: Health;
  audit: readonly AuditRecord[];
};

/** A row for which a job is to be added. */
export type Doorbell = { invocation: string; integration: string; generation: number };

export type StatusOf = { id: string; status: InvocationStatus };

/**
 * The ending of an invocation that Errand itself keeps failing on: whatever it was, the others go on.
 *
 * @param sent was a request handed to the network in this attempt?
 */
export function setAside(claimed: Claimed, why: string, sent: boolean): Settled {
  const message = `Errand set it aside: ${why}. Its log has the details.`;
  const error: Failure = { code: 'poisoned', message, side: 'errand' };
  return {
    claimed,
    attempt: {
      commandVersion: null,
      configurationVersion: claimed.configurationVersion,
      startedAt: claimed.claimedAt,
      durationMs: 0,
      outcome: 'unknown',
      sent,
      status: null,
      error,
      responseHeaders: null,
      responseBytes: null,
      bodyPreview: null,
      lastSyncAt: null,
      validators: null,
      phases: null,
      result: null,
    },
    next: { status: 'failed', error },
    health: saysNothing,
    audit: [
      {
        account: claimed.account,
        actor: system,
        action: 'invocation.failed',
        subject: { type: 'invocation', id: claimed.id },
        details: { integration: claimed.integration, command: claimed.command, attempt: claimed.attempt, error },
      },
    ],
  };
}
