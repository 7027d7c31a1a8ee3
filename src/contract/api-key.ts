import { z } from 'zod';
import { accountSchema } from './names.ts';

/**
 * `producer` enqueues and reads invocations and results; `configurer` keeps commands, variables and secrets, previews
 * and tests; `operator` reads everything, retries, cancels, redrives and pauses; `admin` may do everything.
 */
export const roles = ['producer', 'configurer', 'operator', 'admin'] as const;
export const roleSchema = z.enum(roles);
export type Role = z.infer<typeof roleSchema>;

/** The accounts a key is for: all of them, or a list. */
export const keyAccountsSchema = z.union([z.literal('*'), z.array(accountSchema).min(1).max(1000)]);
export type KeyAccounts = z.infer<typeof keyAccountsSchema>;

export const apiKeySchema = z.strictObject({
  id: z.uuid(),
  name: z.string().nullable(),
  role: roleSchema,
  accounts: keyAccountsSchema,
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
});
/** An API key as it can be listed: the key itself is shown once, when it is made. */
export type ApiKey = z.infer<typeof apiKeySchema>;
