import type { AuditEntry } from '../../contract/audit.ts';
import { batchPath, commandPath, integrationPath, invocationPath, runPath } from './paths.ts';

/** Where the console shows a thing, by what the API calls it; `null`: nowhere. */
export function subjectPath({ type, id }: AuditEntry['subject']): string | null {
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
      return invocationPath(first);
    case 'batch':
      return batchPath(first);
    case 'run':
      return runPath(id);
    case 'key':
      return '/keys';
    case 'problem':
      return `/problems?integration=${encodeURIComponent(first)}`;
    case 'notification-endpoint':
      return '/notifications';
    case 'notification':
      return '/notifications?tab=deliveries';
    case 'audit':
      return '/audit';
    default:
      return null;
  }
}

/** Where the console shows what an entry of the audit log is about; `null`: nowhere, or it is gone. */
export const entryPath = ({ action, subject }: Pick<AuditEntry, 'action' | 'subject'>): string | null =>
  action.endsWith('.deleted') || subject.type === 'audit' ? null : subjectPath(subject);
