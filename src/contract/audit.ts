import { z } from 'zod';

export const actorSchema = z.strictObject({
  type: z.enum(['key', 'system', 'worker', 'session']),
  id: z.string(),
  name: z.string().nullable(),
});
/** Who did it. */
export type Actor = z.infer<typeof actorSchema>;

export { type AuditAction, auditActions } from './audit-actions.ts';

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

export const auditVerificationSchema = z.strictObject({
  /** Is everything that was sealed as it was? */
  ok: z.boolean(),
  seals: z.int(),
  /** Entries under seal. */
  entries: z.int(),
  /** Entries that are not sealed yet, for a second or two where a worker leads; counted up to 100,000. */
  unsealed: z.int(),
  /** When the oldest of them was written. */
  unsealedSince: z.iso.datetime().nullable(),
  /** Keep its `number` and `head` elsewhere: with them, what is cut off or made anew later is found out, too. */
  newest: z.strictObject({ number: z.int(), head: z.string(), at: z.iso.datetime() }).nullable(),
  /** At most 100. */
  problems: z.array(z.strictObject({ seal: z.int().nullable(), message: z.string() })),
});
export type AuditVerification = z.infer<typeof auditVerificationSchema>;

export const keptSealSchema = z
  .strictObject({
    number: z.coerce.number().int().min(1).optional(),
    head: z
      .string()
      .regex(/^[0-9a-f]{64}$/i, 'must be 64 hexadecimal digits, as logged or answered by an earlier verification')
      .optional(),
  })
  .refine(({ number, head }) => (number === undefined) === (head === undefined), {
    path: ['head'],
    message: 'number and head belong together',
  });
export type KeptSealQuery = z.infer<typeof keptSealSchema>;
