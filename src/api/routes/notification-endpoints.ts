import { z } from 'zod';
import {
  endpointBodySchema,
  endpointPatchSchema,
  endpointTestSchema,
  endpointWithSecretSchema,
  notificationEndpointSchema,
} from '../../contract/notification.ts';
import { pageQuerySchema, pageSchema } from '../../contract/paging.ts';
import type { EndpointUses } from '../../notifications/endpoints.ts';
import { type Api, principalOf } from '../instance.ts';
import { takesNoBody } from '../no-body.ts';

const tags = ['notifications'];
const params = z.strictObject({ id: z.string() });
const read = { permission: 'notifications.read' } as const;
const manage = { permission: 'notifications.manage' } as const;

type Dependencies = { notifications: { endpoints: EndpointUses } };

/** Operators' URLs that are told of events. */
export function notificationEndpointRoutes(app: Api, dependencies: Dependencies): void {
  readRoutes(app, dependencies);
  changeRoutes(app, dependencies);
  actionRoutes(app, dependencies);
}

function readRoutes(app: Api, { notifications: { endpoints } }: Dependencies): void {
  app.get(
    '/v1/notification-endpoints',
    {
      config: read,
      schema: {
        summary: 'Notification endpoints, newest first',
        tags,
        querystring: pageQuerySchema,
        response: { 200: pageSchema(notificationEndpointSchema) },
      },
    },
    (request) => endpoints.list(principalOf(request).accounts, request.query),
  );

  app.get(
    '/v1/notification-endpoints/:id',
    {
      config: read,
      schema: { summary: 'A notification endpoint', tags, params, response: { 200: notificationEndpointSchema } },
    },
    (request) => endpoints.get(principalOf(request).accounts, request.params.id),
  );
}

function changeRoutes(app: Api, { notifications: { endpoints } }: Dependencies): void {
  app.post(
    '/v1/notification-endpoints',
    {
      config: manage,
      schema: {
        summary: 'Make a notification endpoint; its secret is in this answer only',
        description: "`accounts`: by default those of the maker's key.",
        tags,
        body: endpointBodySchema,
        response: { 201: endpointWithSecretSchema },
      },
    },
    async (request, reply) => {
      const endpoint = await endpoints.create(principalOf(request), request.body);
      return reply.code(201).header('location', `/v1/notification-endpoints/${endpoint.id}`).send(endpoint);
    },
  );

  app.patch(
    '/v1/notification-endpoints/:id',
    {
      config: manage,
      schema: {
        summary: 'Change a notification endpoint; one that is disabled gets nothing of what waits for it, either',
        tags,
        params,
        body: endpointPatchSchema,
        response: { 200: notificationEndpointSchema },
      },
    },
    (request) => endpoints.update(principalOf(request), request.params.id, request.body),
  );

  app.delete(
    '/v1/notification-endpoints/:id',
    {
      config: manage,
      preValidation: takesNoBody,
      schema: {
        summary: 'Delete a notification endpoint',
        tags,
        params,
        response: { 204: z.null().describe('Deleted.') },
      },
    },
    async (request, reply) => {
      await endpoints.remove(principalOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function actionRoutes(app: Api, { notifications: { endpoints } }: Dependencies): void {
  app.post(
    '/v1/notification-endpoints/:id/rotate-secret',
    {
      config: manage,
      preValidation: takesNoBody,
      schema: {
        summary: 'Make a new secret, in this answer only; messages are signed with the one before, too, for 24 hours',
        tags,
        params,
        response: { 200: endpointWithSecretSchema },
      },
    },
    (request) => endpoints.rotateSecret(principalOf(request), request.params.id),
  );

  app.post(
    '/v1/notification-endpoints/:id/test',
    {
      config: manage,
      preValidation: takesNoBody,
      schema: {
        summary: 'Send a `notification.test` at once, and say what came back',
        tags,
        params,
        response: { 200: endpointTestSchema },
      },
    },
    (request) => endpoints.test(principalOf(request), request.params.id),
  );
}
