import type { KeyAccounts } from '../contract/api-key.ts';
import type { AuditEntry, AuditFilter } from '../contract/audit.ts';
import type { Page, PageQuery } from '../contract/paging.ts';

/** What a subject filter means: `type:id`, or an id alone, of whatever type. */
export type SubjectFilter = { type: string | null; id: string };

export type AuditQuery = Omit<AuditFilter, 'subject'> & { subject?: SubjectFilter };

export type AuditDependencies = {
  store: {
    /** Newest first; entries of no account only for those with all of them. */
    page(accounts: KeyAccounts, query: AuditQuery, page: PageQuery): Promise<Page<AuditEntry>>;
  };
};

export type Audit = ReturnType<typeof createAudit>;

/** Subject types are single words, so a colon in an id (`https://…`) is not taken for the end of a type. */
const typedSubject = /^([a-z][a-z-]*):(?!\/\/)(.+)$/s;

/** `command:acme/GetInvoiceImage` is that command; `acme/GetInvoiceImage` is whatever has that id. */
export function parseSubject(subject: string): SubjectFilter {
  const [, type, id] = typedSubject.exec(subject) ?? [];
  return type === undefined || id === undefined ? { type: null, id: subject } : { type, id };
}

/** Reading the audit log, for those whose accounts it tells of. */
export function createAudit({ store }: AuditDependencies) {
  return {
    list(accounts: KeyAccounts, { subject, ...filter }: AuditFilter, page: PageQuery): Promise<Page<AuditEntry>> {
      return store.page(accounts, subject === undefined ? filter : { ...filter, subject: parseSubject(subject) }, page);
    },
  };
}
