import { z } from 'zod';
import type { Audit } from '../../audit/list.ts';
import { auditEntrySchema, auditFilterSchema } from '../../contract/audit.ts';
import { pageQuerySchema, pageSchema } from '../../contract/paging.ts';
import { type Api, principalOf } from '../instance.ts';

const querySchema = z.strictObject({ ...auditFilterSchema.shape, ...pageQuerySchema.shape });

export function auditRoutes(app: Api, { audit }: { audit: Audit }): void {
  app.get(
    '/v1/audit',
    {
      config: { permission: 'audit.read' },
      schema: {
        summary: 'The audit log, newest first',
        description:
          '`subject` is `type:id`, or an id of any type (slower); `actor` is an id or a name. `since` is included, `until` is not.',
        tags: ['audit'],
        querystring: querySchema,
        response: { 200: pageSchema(auditEntrySchema) },
      },
    },
    (request) => {
      const { limit, cursor, ...filter } = request.query;
      return audit.list(principalOf(request).accounts, filter, { limit, cursor });
    },
  );
}
