import { z } from 'zod';
import type { KeyAccounts } from '../../contract/api-key.ts';
import { type Page, type PageQuery, pageQuerySchema, pageSchema } from '../../contract/paging.ts';
import { type RunSummary, runSummarySchema } from '../../contract/run.ts';
import { type Api, principalOf } from '../instance.ts';

/** What the routes need of batches/. */
export type Runs = {
  run(accounts: KeyAccounts, run: string): Promise<RunSummary>;
  runs(accounts: KeyAccounts, page: PageQuery): Promise<Page<RunSummary>>;
};

const tags = ['batches'];
const read = { permission: 'invocations.read' } as const;

/** Runs: all batches of one label together, a night at a glance. */
export function runRoutes(app: Api, { batches }: { batches: Runs }): void {
  app.get(
    '/v1/runs',
    {
      config: read,
      schema: {
        summary: 'Runs, the one with the newest batch first',
        tags,
        querystring: pageQuerySchema,
        response: { 200: pageSchema(runSummarySchema) },
      },
    },
    (request) => batches.runs(principalOf(request).accounts, request.query),
  );

  app.get(
    '/v1/runs/:run',
    {
      config: read,
      schema: {
        summary: 'A run: its batches added up, by integration and by error code',
        tags,
        params: z.strictObject({ run: z.string() }),
        response: { 200: runSummarySchema },
      },
    },
    (request) => batches.run(principalOf(request).accounts, request.params.run),
  );
}
