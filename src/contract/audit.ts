import { z } from 'zod';

export const actorSchema = z.strictObject({
  type: z.enum(['key', 'system', 'worker', 'session']),
  id: z.string(),
  name: z.string().nullable(),
});
/** Who did it. */
export type Actor = z.infer<typeof actorSchema>;

export const auditActions = [
  'integration.created',
  'integration.updated',
  'integration.deleted',
  'integration.paused',
  'integration.resumed',
  'integration.held',
  'integration.released',
  'secret.saved',
  'secret.deleted',
  'secrets.rotation-started',
  'secrets.rotated',
  'command.saved',
  'command.deleted',
  'command.tested',
  'command-type.saved',
  'invocation.accepted',
  'invocation.succeeded',
  'invocation.failed',
  'invocation.cancelled',
  'invocation.retried',
  'invocations.redriven',
  'batch.accepted',
  'batch.finished',
  'batch.cancelled',
  'attempt.failed',
  'job.refused',
  'schedule.saved',
  'schedule.deleted',
  'schedule.started',
  'schedule.skipped',
  'schedule.failed',
  'key.created',
  'key.revoked',
] as const;
export type AuditAction = (typeof auditActions)[number];

export const auditEntrySchema = z.strictObject({
  id: z.uuid(),
  at: z.iso.datetime(),
  account: z.string().nullable(),
  actor: actorSchema,
  action: z.string(),
  subject: z.strictObject({ type: z.string(), id: z.string() }),
  details: z.record(z.string(), z.unknown()),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

export const auditFilterSchema = z.strictObject({
  account: z.string().optional(),
  subject: z.string().optional(),
  action: z.string().optional(),
  actor: z.string().optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
});
export type AuditFilter = z.infer<typeof auditFilterSchema>;
