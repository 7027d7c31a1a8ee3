import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { GivenItem } from '../../batches/accept.ts';
import { batchBodySchema, batchFilterSchema, batchHeadSchema, batchSchema } from '../../contract/batch.ts';
import { pageQuerySchema, pageSchema } from '../../contract/paging.ts';
import { type Api, principalOf } from '../instance.ts';
import { ndjsonMediaType, readNdjson } from '../ndjson.ts';
import { takesNoBody } from '../no-body.ts';
import { check, isStream } from '../validation.ts';
import { type BatchDependencies, type Batches, idParams, read, tags } from './batch-dependencies.ts';
import { eventsRoute } from './batch-events.ts';
import { reportRoute } from './batch-report.ts';

const listQuery = z.strictObject({ ...batchFilterSchema.shape, ...pageQuerySchema.shape });

/** Of one JSON body; what is larger comes as NDJSON. */
const maxJsonBytes = 16 * 1024 * 1024;

/** Batches: many invocations of one command, handed over together. */
export function batchRoutes(app: Api, dependencies: BatchDependencies): void {
  // A scope of its own: only here a body may come as NDJSON.
  app.register(async (scope) => acceptRoute(scope, dependencies));
  readRoutes(app, dependencies);
  reportRoute(app, dependencies);
  eventsRoute(app, dependencies);
  cancelRoute(app, dependencies);
}

function* itemsOf(items: readonly unknown[]): Generator<GivenItem> {
  for (const [index, value] of items.entries()) yield { value, at: `items.${index}` };
}

function acceptRoute(scope: FastifyInstance, { batches }: BatchDependencies): void {
  scope.addContentTypeParser(ndjsonMediaType, (_request, payload, done) => done(null, payload));
  scope.post(
    '/v1/batches',
    {
      config: { permission: 'invocations.enqueue', streams: true },
      bodyLimit: maxJsonBytes,
      schema: {
        summary: 'Use a command many times',
        description:
          'A JSON body with at most 10,000 items; or `Content-Type: application/x-ndjson`, one item per line, with ' +
          '`integration`, `command`, `run` and `finishBy` as query parameters. Items are kept while they arrive; one that is ' +
          'not right refuses the whole batch.',
        tags,
        querystring: batchHeadSchema.partial(),
        body: batchBodySchema,
        response: { 200: batchSchema, 202: batchSchema },
      },
    },
    async (request, reply) => {
      const { id, created } = await accept(batches, request);
      reply.header('location', `/v1/batches/${id}`);
      return reply.code(created ? 202 : 200).send(await batches.get(principalOf(request).accounts, id));
    },
  );
}

function accept(batches: Batches, request: FastifyRequest): Promise<{ id: string; created: boolean }> {
  const { actor, accounts } = principalOf(request);
  if (isStream(request.body)) {
    const head = check(batchHeadSchema, request.query, 'querystring');
    return batches.accept({ actor, accounts }, head, readNdjson(request.body));
  }
  check(z.strictObject({}), request.query, 'querystring');
  const { items, ...head } = request.body as z.infer<typeof batchBodySchema>;
  return batches.accept({ actor, accounts }, head, itemsOf(items));
}

function readRoutes(app: Api, { batches }: BatchDependencies): void {
  app.get(
    '/v1/batches',
    {
      config: read,
      schema: {
        summary: 'Batches, newest first',
        tags,
        querystring: listQuery,
        response: { 200: pageSchema(batchSchema) },
      },
    },
    (request) => {
      const { limit, cursor, ...filter } = request.query;
      return batches.list(principalOf(request).accounts, filter, { limit, cursor });
    },
  );

  app.get(
    '/v1/batches/:id',
    {
      config: read,
      schema: { summary: 'A batch with its progress', tags, params: idParams, response: { 200: batchSchema } },
    },
    (request) => batches.get(principalOf(request).accounts, request.params.id),
  );
}

function cancelRoute(app: Api, { batches }: BatchDependencies): void {
  app.post(
    '/v1/batches/:id/cancel',
    {
      config: { permission: 'invocations.cancel' },
      preValidation: takesNoBody,
      schema: {
        summary: 'Cancel a batch: what has not ended ends as `cancelled`, requests in flight are aborted',
        description:
          'Of a large batch, some of it may still be open when this is answered: `finishedAt` says when all has ended. 409 if it has ended.',
        tags,
        params: idParams,
        response: { 200: batchSchema },
      },
    },
    async (request) => {
      const { accounts, actor } = principalOf(request);
      await batches.cancel({ accounts, actor }, request.params.id);
      return batches.get(accounts, request.params.id);
    },
  );
}
