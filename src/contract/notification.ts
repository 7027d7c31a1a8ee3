import { z } from 'zod';
import { type KeyAccounts, keyAccountsSchema } from './api-key.ts';
import { errorCodes } from './errors.ts';
import { lineOfText } from './names.ts';
import { webhookUrlSchema } from './webhook-url.ts';

/** What a notification endpoint can be told of. */
export const endpointEvents = [
  'integration.held',
  'integration.released',
  'batch.finished',
  'run.finished',
  'schedule.missed',
  'audit.broken',
] as const;
export type EndpointEvent = (typeof endpointEvents)[number];

/** What of `events` an endpoint for these accounts would never be told; `null`: nothing. */
export function eventsProblem(events: readonly EndpointEvent[], accounts: KeyAccounts): string | null {
  if (accounts === '*' || !events.includes('audit.broken')) return null;
  return '"audit.broken" concerns all accounts: leave it out, or let the endpoint be for all accounts ("*")';
}

/** And what else there are notifications of: callbacks, and tests. */
export const notificationEvents = [...endpointEvents, 'invocation.finished', 'notification.test'] as const;
export const notificationEventSchema = z.enum(notificationEvents);
export type NotificationEvent = (typeof notificationEvents)[number];

export const notificationStatuses = ['pending', 'delivered', 'failed'] as const;
export const notificationStatusSchema = z.enum(notificationStatuses);
export type NotificationStatus = (typeof notificationStatuses)[number];

const fields = {
  name: lineOfText(200).optional(),
  url: webhookUrlSchema,
  events: z.array(z.enum(endpointEvents)).min(1).max(endpointEvents.length),
  accounts: keyAccountsSchema.describe('Told of what concerns these accounts; `audit.broken` concerns all of them.'),
  enabled: z.boolean(),
};

/** The body of `POST /v1/notification-endpoints`. */
export const endpointBodySchema = z.strictObject({
  ...fields,
  accounts: fields.accounts.optional(),
  enabled: fields.enabled.optional(),
});
export type EndpointBody = z.infer<typeof endpointBodySchema>;

/** The body of `PATCH /v1/notification-endpoints/{id}`: what is left out stays. */
export const endpointPatchSchema = z.strictObject({ ...fields, name: lineOfText(200).nullable() }).partial();
export type EndpointPatch = z.infer<typeof endpointPatchSchema>;

const when = z.iso.datetime().nullable();

const errorSchema = z.strictObject({ code: z.enum(errorCodes), message: z.string() });
export type NotificationError = z.infer<typeof errorSchema>;

export const notificationSchema = z.strictObject({
  id: z.uuid().describe('Its `webhook-id`.'),
  event: notificationEventSchema,
  account: z.string().nullable(),
  endpoint: z.uuid().nullable().describe('`null`: a callback.'),
  url: z.string().describe('Where it goes; the values in its query are masked.'),
  subject: z.strictObject({ type: z.string(), id: z.string() }),
  status: notificationStatusSchema,
  attempts: z.int(),
  lastAttemptAt: when,
  lastStatus: z.int().nullable().describe('Of the last answer; `null`: there was none.'),
  lastError: errorSchema.nullable(),
  nextAttemptAt: when,
  createdAt: z.iso.datetime(),
  endedAt: when,
});
/** One message to one URL. */
export type Notification = z.infer<typeof notificationSchema>;

export const notificationEndpointSchema = z.strictObject({
  id: z.uuid(),
  name: z.string().nullable(),
  url: z.string(),
  events: z.array(z.enum(endpointEvents)),
  accounts: keyAccountsSchema,
  enabled: z.boolean(),
  disabledReason: z.string().nullable().describe('Why Errand disabled it; `null`: it did not.'),
  failingSince: when.describe('Nothing has been delivered since; `null`: the last try was a success.'),
  previousSecretUntil: when.describe('Until then messages are signed with the secret before, too.'),
  lastNotification: notificationSchema
    .nullable()
    .describe('What was tried last; `null`: nothing was, or nothing of it is kept.'),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
/** An operator's URL that is told of events. */
export type NotificationEndpoint = z.infer<typeof notificationEndpointSchema>;

const secret = z.string().describe('`whsec_…`; in no other answer.');
export const endpointWithSecretSchema = z.strictObject({ ...notificationEndpointSchema.shape, secret });
export type EndpointWithSecret = z.infer<typeof endpointWithSecretSchema>;

export const notificationFilterSchema = z.strictObject({
  endpoint: z.uuid().optional(),
  status: notificationStatusSchema.optional(),
  event: notificationEventSchema.optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
});
export type NotificationFilter = z.infer<typeof notificationFilterSchema>;

/** What came of a test message. */
export const endpointTestSchema = z.strictObject({
  notification: z.uuid(),
  delivered: z.boolean(),
  status: z.int().nullable(),
  error: errorSchema.nullable(),
  durationMs: z.int(),
});
export type EndpointTest = z.infer<typeof endpointTestSchema>;

export const callbackSecretSchema = z.strictObject({
  account: z.string(),
  secret: z.string().describe('`whsec_…`: what callbacks of this account are signed with.'),
  previousSecretUntil: when.describe('Until then they are signed with the secret before, too.'),
});
/** What an account's callbacks are signed with. */
export type CallbackSecret = z.infer<typeof callbackSecretSchema>;
