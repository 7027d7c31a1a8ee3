import type { Pool } from 'pg';
import type { Sealer } from '../integrations/sealing.ts';
import type { Integrations } from '../integrations/use-cases.ts';
import { createDryRun, type DryRunUse } from '../invocations/dry-run.ts';
import { createRedactor } from '../platform/redaction.ts';
import { newestInvocations } from '../store/newest-invocations.ts';
import { unsealerOf } from './unseal-tokens.ts';
import { userAgent } from './version.ts';

/** What an edited command would change for the invocations there were: configuration and invocations, joined. */
export function openDryRun(
  { pool, sealer }: { pool: Pool; sealer: Pick<Sealer, 'open'> },
  { compareDraft }: Pick<Integrations, 'compareDraft'>,
): DryRunUse {
  return createDryRun({
    compareDraft,
    newest: (integration, command, limit) => newestInvocations(pool, integration, command, limit),
    unsealTokens: unsealerOf({ sealer }),
    createRedactor,
    userAgent,
  });
}
