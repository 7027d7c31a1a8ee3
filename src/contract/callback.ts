import { z } from 'zod';
import { notificationSchema, notificationStatuses } from './notification.ts';

export const callbackStatuses = ['waiting', ...notificationStatuses] as const;

export const callbackSchema = z
  .strictObject({
    url: z.string().describe('The `callbackUrl` that was given; the values in its query are masked.'),
    status: z
      .enum(callbackStatuses)
      .nullable()
      .describe(
        '`waiting`: until it has ended there is nothing to tell. `null`: what became of it is not kept any more.',
      ),
    notification: z.uuid().nullable().describe("The message's `webhook-id`, by which it can be sent again."),
    ...notificationSchema.pick({
      attempts: true,
      lastAttemptAt: true,
      lastStatus: true,
      lastError: true,
      nextAttemptAt: true,
      endedAt: true,
    }).shape,
  })
  .describe('Only where `callbackUrl` was given, and not in lists.');
/** Whether whoever asked for it has been told that it has ended: of the newest ending, where it was retried. */
export type Callback = z.infer<typeof callbackSchema>;
