import type { EndpointEvent, NotificationEvent } from '../../../contract/notification.ts';

/** What was told, as one says it. */
export const eventWords: Readonly<Record<NotificationEvent, string>> = {
  'integration.held': 'Integration held',
  'integration.released': 'Hold ended',
  'batch.finished': 'Batch ended',
  'run.finished': 'Run ended',
  'schedule.missed': 'Schedule missed',
  'audit.broken': 'Audit log broken',
  'invocation.finished': 'Invocation ended',
  'notification.test': 'Test',
};

/** When each of them is told. */
export const eventAbout: Readonly<Record<EndpointEvent, string>> = {
  'integration.held': 'Their server keeps failing, so nightly work waits: once for each hold.',
  'integration.released': 'Their server does well again, and what waited goes on.',
  'batch.finished': 'All of it has ended, or it was cancelled.',
  'run.finished': 'All its batches have ended, and none came for two minutes.',
  'schedule.missed': 'It was skipped, began more than a minute late, or came to no batch.',
  'audit.broken': 'Its seals do not hold, or it cannot be sealed. Told to endpoints of all accounts only.',
};
