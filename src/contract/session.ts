import { z } from 'zod';
import { roles } from './api-key.ts';
import { actorSchema } from './audit.ts';
import { accountSchema } from './names.ts';

export const sessionSchema = z.strictObject({
  actor: actorSchema,
  role: z.enum(roles),
  accounts: z.union([z.literal('*'), z.array(z.string())]),
  permissions: z.array(z.string()).describe('What the role may do, such as `commands.write`.'),
  version: z.string().describe("Errand's."),
  egressIps: z.array(z.string()).describe('The addresses that requests come from (`ERRAND_EGRESS_IPS`).'),
  portal: z.boolean().describe("Is it a session of a customer's own admin?"),
});
/** Who asks, and what they may do. */
export type SessionInfo = z.infer<typeof sessionSchema>;

/** The body of `POST /v1/portal-sessions`. */
export const portalSessionBodySchema = z.strictObject({
  account: accountSchema,
  role: z.literal('configurer'),
  expiresIn: z
    .number()
    .int()
    .min(60)
    .max(12 * 3600)
    .default(3600)
    .describe('How many seconds the session lasts; the address must be opened within ten minutes.'),
});
export type PortalSessionBody = z.input<typeof portalSessionBodySchema>;

export const portalSessionSchema = z.strictObject({
  id: z.uuid(),
  account: z.string(),
  role: z.literal('configurer'),
  url: z.string().describe('To be opened once, by a link or in a frame. Whoever has it has the session.'),
  openBefore: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});
/** A way in for a customer's own admin. */
export type PortalSession = z.infer<typeof portalSessionSchema>;

/** The body of `POST /v1/portal-sessions/open`, which needs no key: the ticket is one. */
export const openPortalBodySchema = z.strictObject({ ticket: z.string().min(1).max(200) });
export const openedPortalSchema = z.strictObject({
  token: z.string().describe('For `Authorization: Bearer`.'),
  expiresAt: z.iso.datetime(),
});
export type OpenedPortal = z.infer<typeof openedPortalSchema>;
