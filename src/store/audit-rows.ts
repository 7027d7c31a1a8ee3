import { uuidv7 } from 'uuidv7';
import type { AuditRecord } from '../audit/entry.ts';

/** Audit entries as part of a larger statement, so that they are committed with what they tell of. */
export const auditColumns =
  'insert into audit_log (id, account, actor_type, actor_id, actor_name, action, subject_type, subject_id, details)';

/** An audit entry that is written only if the statement moves or inserts that invocation. */
export type AuditRow = { invocation: string; record: AuditRecord };

/**
 * The select list and source for `auditColumns`, with its parameters from `$first` on; it ends in a `where`, so that the
 * statement can add which invocations' entries are to be written.
 */
export function auditSelect(first: number): string {
  const parameter = (offset: number, type: string) => `$${first + offset}::${type}[]`;
  return `a.id, a.account, a.actor_type, a.actor_id, a.actor_name, a.action, a.subject_type, a.subject_id, a.details
  from unnest(${parameter(0, 'uuid')}, ${parameter(1, 'uuid')}, ${parameter(2, 'text')}, ${parameter(3, 'text')},
    ${parameter(4, 'text')}, ${parameter(5, 'text')}, ${parameter(6, 'text')}, ${parameter(7, 'text')},
    ${parameter(8, 'text')}, ${parameter(9, 'json')})
    as a(id, invocation, account, actor_type, actor_id, actor_name, action, subject_type, subject_id, details)
  where true`;
}

/** The parameters of `auditSelect`. */
auditSelect.values = (entries: readonly AuditRow[]): unknown[] => [
  entries.map(() => uuidv7()),
  entries.map(({ invocation }) => invocation),
  entries.map(({ record }) => record.account),
  entries.map(({ record }) => record.actor.type),
  entries.map(({ record }) => record.actor.id),
  entries.map(({ record }) => record.actor.name),
  entries.map(({ record }) => record.action),
  entries.map(({ record }) => record.subject.type),
  entries.map(({ record }) => record.subject.id),
  entries.map(({ record }) => JSON.stringify(record.details)),
];
