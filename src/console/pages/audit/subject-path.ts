import type { AuditEntry } from '../../../contract/audit.ts';

/** Where the console shows what an entry is about; `null`: nowhere, or it is gone. */
export function subjectPath({ action, subject: { type, id } }: Pick<AuditEntry, 'action' | 'subject'>): string | null {
  if (action.endsWith('.deleted')) return null;
  const [integration = '', name = ''] = id.split('/').map(encodeURIComponent);
  switch (type) {
    case 'integration':
      return `/integrations/${integration}`;
    case 'command':
      return `/integrations/${integration}/commands/${name}`;
    case 'secret':
      return `/integrations/${integration}?tab=secrets`;
    case 'schedule':
      return `/integrations/${integration}?tab=schedules`;
    case 'invocation':
      return `/invocations/${integration}`;
    case 'batch':
      return `/batches/${integration}`;
    case 'key':
      return '/keys';
    case 'problem':
      return `/problems?integration=${integration}`;
    default:
      return null;
  }
}
