import type { KeyAccounts } from '../../contract/api-key.ts';
import {
  type LaneState,
  laneStatesSchema,
  maxStatisticsItems,
  type Statistics,
  type StatisticsQuery,
  statisticsQuerySchema,
  statisticsSchema,
} from '../../contract/statistics.ts';
import { type Api, principalOf } from '../instance.ts';

/** What the routes need of statistics/. */
export type StatisticsReader = {
  statistics(accounts: KeyAccounts, query: StatisticsQuery): Promise<Statistics>;
  lanes(accounts: KeyAccounts): Promise<{ items: LaneState[] }>;
};

const tags = ['statistics'];
const read = { permission: 'statistics.read' } as const;

/** How things go, over all integrations: what happened, and how much there is to do. */
export function statisticsRoutes(app: Api, { statistics }: { statistics: StatisticsReader }): void {
  app.get(
    '/v1/statistics',
    {
      config: read,
      schema: {
        summary: 'What happened: how many ended, and how; how long attempts took',
        description: `Within seconds of it. At most ${maxStatisticsItems} items: 422 if there would be more.`,
        tags,
        querystring: statisticsQuerySchema,
        response: { 200: statisticsSchema },
      },
    },
    (request) => statistics.statistics(principalOf(request).accounts, request.query),
  );

  app.get(
    '/v1/lanes',
    {
      config: read,
      schema: { summary: 'How much there is to do in each lane', tags, response: { 200: laneStatesSchema } },
    },
    (request) => statistics.lanes(principalOf(request).accounts),
  );
}
