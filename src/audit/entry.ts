import type { Actor, AuditAction } from '../contract/audit.ts';

/** One line of the audit log before it has an id and a time. `details` never holds a secret's or sensitive value. */
export type AuditRecord = {
  /** `null` for what belongs to no account, such as a command type. */
  account: string | null;
  actor: Actor;
  action: AuditAction;
  subject: { type: string; id: string };
  details: Record<string, unknown>;
};

/** Errand itself, where no person, key or worker acts. */
export const system: Actor = { type: 'system', id: 'errand', name: null };
