import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { uuidv7 } from 'uuidv7';
import { system } from '../../src/audit/entry.ts';
import type { Claimed, NewInvocation, Settled } from '../../src/invocations/invocation.ts';
import { saysNothing, well } from '../../src/judging/breaker.ts';

/** An integration's row, for tests of the statements below the use cases. */
export async function insertIntegration(pool: Pool, id = 'acme', account = 'default'): Promise<void> {
  await pool.query(
    `insert into integrations (id, account, name, type, status, limits) values ($1, $2, $1, 'custom', 'active', '{}')`,
    [id, account],
  );
}

export function newInvocation(overrides: Partial<NewInvocation> = {}): NewInvocation {
  const id = uuidv7();
  return {
    id,
    account: 'default',
    integration: 'acme',
    command: 'GetInvoiceImage',
    lane: 'batch',
    tokens: { InvoiceNumber: 'INV0000001' },
    sealedTokens: null,
    fingerprint: Buffer.from('fingerprint'),
    reference: null,
    idempotencyKey: null,
    keyFingerprint: overrides.idempotencyKey == null ? null : Buffer.from('all tokens'),
    configurationVersion: 1,
    runAt: null,
    callbackUrl: null,
    traceparent: null,
    job: null,
    audit: {
      account: 'default',
      actor: system,
      action: 'invocation.accepted',
      subject: { type: 'invocation', id },
      details: {},
    },
    ...overrides,
  };
}

/** A settled attempt that succeeded with these bytes, or another ending. */
export function settled(claimed: Claimed, next: Settled['next'] = { status: 'succeeded' }, body = 'bytes'): Settled {
  const bytes = Buffer.from(body);
  const succeeded = next.status === 'succeeded';
  return {
    claimed,
    attempt: {
      commandVersion: 1,
      configurationVersion: 1,
      startedAt: claimed.claimedAt,
      durationMs: 12,
      outcome: succeeded ? 'succeeded' : next.status === 'retrying' ? 'retryable' : 'permanent',
      sent: true,
      status: succeeded ? 200 : 503,
      error: next.status === 'succeeded' ? null : next.error,
      responseHeaders: [{ key: 'content-type', value: 'application/pdf' }],
      responseBytes: bytes.byteLength,
      bodyPreview: null,
      lastSyncAt: null,
      validators: null,
      phases: null,
      result: succeeded
        ? {
            bytes,
            size: bytes.byteLength,
            contentType: 'application/pdf',
            sha256: createHash('sha256').update(bytes).digest(),
            etag: null,
            lastModified: null,
          }
        : null,
    },
    next,
    health: succeeded ? well : saysNothing,
    audit: [
      {
        account: claimed.account,
        actor: system,
        action: succeeded ? 'invocation.succeeded' : 'invocation.failed',
        subject: { type: 'invocation', id: claimed.id },
        details: {},
      },
    ],
  };
}

/** A row as a worker holds it. */
export function claimedRow(overrides: Partial<Claimed> = {}): Claimed {
  return {
    id: uuidv7(),
    account: 'default',
    integration: 'acme',
    command: 'GetInvoiceImage',
    lane: 'batch',
    tokens: { InvoiceNumber: 'INV0000001' },
    sealedTokens: null,
    fingerprint: Buffer.from('fingerprint'),
    configurationVersion: 1,
    attempt: 1,
    tried: 1,
    crashes: 0,
    keyNumber: 1,
    askedAt: 0,
    claimedAt: 1_000_000,
    firstAttemptAt: 1_000_000,
    lastSyncAt: null,
    lastError: null,
    batch: null,
    traceparent: null,
    deadlineAt: null,
    known: null,
    probe: false,
    hold: null,
    waitMs: 0,
    ...overrides,
  };
}
