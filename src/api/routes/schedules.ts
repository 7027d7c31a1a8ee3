import { z } from 'zod';
import { pageQuerySchema, pageSchema } from '../../contract/paging.ts';
import {
  listedScheduleSchema,
  scheduleBodySchema,
  scheduleFilterSchema,
  scheduleNameSchema,
  scheduleSchema,
} from '../../contract/schedule.ts';
import type { Schedules } from '../../schedules/use-cases.ts';
import { type Api, principalOf } from '../instance.ts';
import { takesNoBody } from '../no-body.ts';

const tags = ['schedules'];
const params = z.strictObject({ id: z.string(), name: z.string() });
const path = '/v1/integrations/:id/schedules/:name';

/** Schedules: what an integration runs by the clock. */
export function scheduleRoutes(app: Api, { schedules }: { schedules: Schedules }): void {
  readRoutes(app, schedules);
  writeRoutes(app, schedules);
  runRoute(app, schedules);
}

const read = { permission: 'schedules.read' } as const;
const write = { permission: 'schedules.write' } as const;

function readRoutes(app: Api, schedules: Schedules): void {
  app.get(
    '/v1/schedules',
    {
      config: read,
      schema: {
        summary: 'The schedules of all integrations, by integration and name',
        tags,
        querystring: z.strictObject({ ...scheduleFilterSchema.shape, ...pageQuerySchema.shape }),
        response: { 200: pageSchema(listedScheduleSchema) },
      },
    },
    (request) => {
      const { limit, cursor, ...filter } = request.query;
      return schedules.listAll(principalOf(request).accounts, filter, { limit, cursor });
    },
  );

  app.get(
    '/v1/integrations/:id/schedules',
    {
      config: read,
      schema: {
        summary: "An integration's schedules, by name",
        tags,
        params: z.strictObject({ id: z.string() }),
        querystring: pageQuerySchema,
        response: { 200: pageSchema(scheduleSchema) },
      },
    },
    (request) => schedules.list(principalOf(request).accounts, request.params.id, request.query),
  );

  app.get(
    path,
    { config: read, schema: { summary: 'A schedule', tags, params, response: { 200: scheduleSchema } } },
    (request) => schedules.get(principalOf(request).accounts, request.params.id, request.params.name),
  );
}

function writeRoutes(app: Api, schedules: Schedules): void {
  app.put(
    path,
    {
      config: write,
      schema: {
        summary: 'Make or replace a schedule',
        description: 'A run that is open goes on as it began.',
        tags,
        params: z.strictObject({ id: z.string(), name: scheduleNameSchema }),
        body: scheduleBodySchema,
        response: { 200: scheduleSchema },
      },
    },
    (request) => {
      const { accounts, actor } = principalOf(request);
      return schedules.put(accounts, actor, request.params.id, request.params.name, request.body);
    },
  );

  app.delete(
    path,
    {
      config: write,
      preValidation: takesNoBody,
      schema: {
        summary: 'Delete a schedule; its batches go on',
        tags,
        params,
        response: { 204: z.null().describe('Deleted.') },
      },
    },
    async (request, reply) => {
      const { accounts, actor } = principalOf(request);
      await schedules.remove(accounts, actor, request.params.id, request.params.name);
      return reply.code(204).send(null);
    },
  );
}

function runRoute(app: Api, schedules: Schedules): void {
  app.post(
    `${path}/run`,
    {
      config: { permission: 'schedules.run' },
      preValidation: takesNoBody,
      schema: {
        summary: 'Run a schedule now, also a disabled one',
        description: 'When it is due next stays as it is. 409 while a run of it is open.',
        tags,
        params,
        response: { 202: scheduleSchema },
      },
    },
    async (request, reply) => {
      const { accounts, actor } = principalOf(request);
      const { id, name } = request.params;
      return reply.code(202).send(await schedules.run(accounts, actor, id, name));
    },
  );
}
