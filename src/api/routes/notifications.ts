import { z } from 'zod';
import { callbackSecretSchema, notificationFilterSchema, notificationSchema } from '../../contract/notification.ts';
import { pageQuerySchema, pageSchema } from '../../contract/paging.ts';
import type { CallbackSecretUses } from '../../notifications/callback-secrets.ts';
import type { MessageUses } from '../../notifications/messages.ts';
import { type Api, principalOf } from '../instance.ts';
import { takesNoBody } from '../no-body.ts';

const tags = ['notifications'];
const listQuery = z.strictObject({ ...notificationFilterSchema.shape, ...pageQuerySchema.shape });

type Dependencies = { notifications: { messages: MessageUses; callbackSecrets: CallbackSecretUses } };

/** What was sent to whom, and what callbacks are signed with. */
export function notificationRoutes(app: Api, dependencies: Dependencies): void {
  messageRoutes(app, dependencies);
  callbackSecretRoutes(app, dependencies);
}

function messageRoutes(app: Api, { notifications: { messages } }: Dependencies): void {
  app.get(
    '/v1/notifications',
    {
      config: { permission: 'notifications.read' },
      schema: {
        summary: 'Notifications and callbacks, newest first, and what became of them',
        tags,
        querystring: listQuery,
        response: { 200: pageSchema(notificationSchema) },
      },
    },
    (request) => {
      const { limit, cursor, ...filter } = request.query;
      return messages.list(principalOf(request).accounts, filter, { limit, cursor });
    },
  );

  app.post(
    '/v1/notifications/:id/retry',
    {
      config: { permission: 'notifications.retry' },
      preValidation: takesNoBody,
      schema: {
        summary: 'Send a notification again, with the same `webhook-id`; 409 if its endpoint is disabled',
        tags,
        params: z.strictObject({ id: z.string() }),
        response: { 200: notificationSchema },
      },
    },
    (request) => messages.retry(principalOf(request), request.params.id),
  );
}

function callbackSecretRoutes(app: Api, { notifications: { callbackSecrets } }: Dependencies): void {
  const config = { permission: 'callback-secrets.manage' } as const;
  const params = z.strictObject({ account: z.string() });
  const response = { 200: callbackSecretSchema };

  app.get(
    '/v1/callback-secrets/:account',
    { config, schema: { summary: "What an account's callbacks are signed with", tags, params, response } },
    (request) => callbackSecrets.read(principalOf(request), request.params.account),
  );

  app.post(
    '/v1/callback-secrets/:account/rotate',
    {
      config,
      preValidation: takesNoBody,
      schema: {
        summary: 'Make a new secret; callbacks are signed with the one before, too, for 24 hours',
        tags,
        params,
        response,
      },
    },
    (request) => callbackSecrets.rotate(principalOf(request), request.params.account),
  );
}
