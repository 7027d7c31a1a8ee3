import type { AuditEntry } from '../../../contract/audit.ts';
import { commandPath, integrationPath } from '../../parts/paths.ts';

/** Where the console shows what an entry is about; `null`: nowhere, or it is gone. */
export function subjectPath({ action, subject: { type, id } }: Pick<AuditEntry, 'action' | 'subject'>): string | null {
  if (action.endsWith('.deleted')) return null;
  const [first = '', name = ''] = id.split('/');
  switch (type) {
    case 'integration':
      return integrationPath(first);
    case 'command':
      return commandPath(first, name);
    case 'secret':
      return `${integrationPath(first)}?tab=secrets`;
    case 'schedule':
      return `${integrationPath(first)}?tab=schedules`;
    case 'invocation':
      return `/invocations/${encodeURIComponent(first)}`;
    case 'batch':
      return `/batches/${encodeURIComponent(first)}`;
    case 'key':
      return '/keys';
    case 'problem':
      return `/problems?integration=${encodeURIComponent(first)}`;
    default:
      return null;
  }
}
