import type { Pool } from 'pg';
import { recheckSeals } from '../audit/recheck.ts';
import { removePast } from '../audit/removing.ts';
import { type CheckpointKind, createSealKeys } from '../audit/seal.ts';
import { createSealing } from '../audit/sealing.ts';
import { verifyAudit } from '../audit/verify.ts';
import type { AuditVerification, KeptSealQuery } from '../contract/audit.ts';
import { Refusal } from '../contract/problem.ts';
import type { SecretKey } from '../contract/secret-keys.ts';
import type { Log } from '../platform/log.ts';
import { pause } from '../platform/pg-session.ts';
import { createRemovingStore } from '../store/audit-checkpoints.ts';
import { createSealingStore, createVerifyingStore } from '../store/audit-seals.ts';
import { tellAuditBroken } from '../store/notifications.ts';

const sealEveryMs = 1_000;
const recheckEveryMs = 3_600_000;
/** Between two steps of removing: the work of the day goes first. */
const breathMs = 50;

type Dependencies = { pool: Pool; secretKeys: readonly SecretKey[] };

/** Seals the audit log for as long as this process leads. */
export async function sealAgainAndAgain(
  { pool, secretKeys, log }: Dependencies & { log: Log },
  signal: AbortSignal,
): Promise<void> {
  const seal = createSealing({
    store: createSealingStore(pool),
    keys: createSealKeys(secretKeys),
    elapsed: () => performance.now(),
    onBroken: (problem) => tellAuditBroken(pool, problem),
    log,
  });
  while (!signal.aborted) {
    try {
      await seal(signal);
    } catch (error) {
      log.warn('audit.not-sealed', { error }, 'The audit log was not sealed; tries again in a second');
    }
    await pause(sealEveryMs, signal);
  }
}

/** Holds the newest seals against their entries again, once and then every hour, for as long as this process leads. */
export async function recheckAgainAndAgain(
  { pool, secretKeys, log }: Dependencies & { log: Log },
  signal: AbortSignal,
): Promise<void> {
  const recheck = openRecheck({ pool, secretKeys, log });
  while (!signal.aborted) {
    try {
      await recheck(signal);
    } catch (error) {
      if (!signal.aborted)
        log.warn('audit.not-checked', { error }, 'The newest seals were not checked; in an hour again');
    }
    await pause(recheckEveryMs, signal);
  }
}

/** One look back at what was sealed since the last one; what does not hold is logged, and operators are told. */
export function openRecheck({ pool, secretKeys, log }: Dependencies & { log: Log }) {
  const dependencies = { store: createVerifyingStore(pool), keys: createSealKeys(secretKeys) };
  const sealing = createSealingStore(pool);
  let checkedTo = 0;
  return async (signal: AbortSignal): Promise<void> => {
    const newest = (await sealing.newest())?.number ?? 0;
    const { problems, to } = await recheckSeals(dependencies, newest, checkedTo, signal);
    checkedTo = to;
    const [first] = problems;
    if (first === undefined) return;
    const problem =
      problems.length === 1 ? first.message : `${first.message} And ${problems.length - 1} more problems.`;
    log.error('audit.broken', { problem }, 'The audit log does not hold: verify it');
    await tellAuditBroken(pool, problem);
  };
}

/** Removes entries of the audit log that are past their retention; answers how many. */
export function removeAudit(
  { pool, secretKeys }: Dependencies,
  what: { kind: CheckpointKind; days: number },
  signal: AbortSignal,
): Promise<number> {
  const dependencies = {
    store: createRemovingStore(pool),
    keys: createSealKeys(secretKeys),
    pause: () => pause(breathMs, signal),
  };
  return removePast(dependencies, what, signal);
}

/** Verifies in this process, one at a time: each reads the whole log. */
export function openVerifyAudit({ pool, secretKeys }: Dependencies) {
  const dependencies = { store: createVerifyingStore(pool), keys: createSealKeys(secretKeys) };
  let running = false;
  /** @throws Refusal `conflict` while one is running, `unavailable` if the signal aborts */
  return async ({ number, head }: KeptSealQuery, signal: AbortSignal): Promise<AuditVerification> => {
    if (running) throw new Refusal('conflict', 'A verification is running here already; ask again when it has ended.');
    running = true;
    try {
      const kept = number === undefined || head === undefined ? null : { number, head: Buffer.from(head, 'hex') };
      return await verifyAudit(dependencies, kept, signal);
    } catch (error) {
      if (signal.aborted) throw new Refusal('unavailable', 'The verification was broken off; ask again.');
      throw error;
    } finally {
      running = false;
    }
  };
}
