import type { AuditEntry } from '../../../contract/audit.ts';
import type { Invocation } from '../../../contract/invocation.ts';
import type { Page } from '../../../contract/paging.ts';
import { client } from '../../client.ts';

/** Everything that can be shown of an invocation, as the API shows it: secrets and sensitive values are masked there. */
export type Evidence = { exportedAt: string; invocation: Invocation; audit: AuditEntry[] };

async function auditOf(id: string): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  let cursor: string | undefined;
  do {
    const page: Page<AuditEntry> = await client.listAudit({
      subject: `invocation:${id}`,
      limit: 200,
      ...(cursor && { cursor }),
    });
    entries.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return entries.reverse();
}

/** Gives the browser a file to keep. */
export async function downloadEvidence(id: string): Promise<void> {
  const [invocation, audit] = await Promise.all([client.getInvocation(id), auditOf(id)]);
  const evidence: Evidence = { exportedAt: new Date().toISOString(), invocation, audit };
  const blob = new Blob([`${JSON.stringify(evidence, null, 2)}\n`], { type: 'application/json' });
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = `errand-evidence-${id}.json`;
  link.click();
  // The download has begun by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
