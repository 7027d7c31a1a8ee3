import type { AuditEntry } from '../../../contract/audit.ts';
import type { Invocation } from '../../../contract/invocation.ts';
import type { Page } from '../../../contract/paging.ts';
import { client } from '../../client.ts';
import { saveFile } from '../../parts/save-file.ts';

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
  // Whom the billing system has called is not the customer's to know.
  const [{ callback: _, ...invocation }, audit] = await Promise.all([client.getInvocation(id), auditOf(id)]);
  const evidence: Evidence = { exportedAt: new Date().toISOString(), invocation, audit };
  const blob = new Blob([`${JSON.stringify(evidence, null, 2)}\n`], { type: 'application/json' });
  saveFile(blob, `errand-evidence-${id}.json`);
}
