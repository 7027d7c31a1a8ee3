import type { Pool } from 'pg';
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

const sealEveryMs = 1_000;
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
