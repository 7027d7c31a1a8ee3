import { z } from 'zod';
import type { Access } from '../../access/access.ts';
import { apiKeySchema, keyAccountsSchema, roleSchema } from '../../contract/api-key.ts';
import { lineOfText } from '../../contract/names.ts';
import { pageQuerySchema, pageSchema } from '../../contract/paging.ts';
import { type Api, principalOf } from '../instance.ts';
import { takesNoBody } from '../no-body.ts';

const newKeySchema = z.strictObject({
  role: roleSchema,
  accounts: keyAccountsSchema,
  name: lineOfText(200).optional(),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
});

/** API keys, for admins. */
export function keyRoutes(app: Api, { access }: { access: Pick<Access, 'create' | 'list' | 'revoke'> }): void {
  const tags = ['keys'];
  const config = { permission: 'keys.manage' } as const;

  app.post(
    '/v1/keys',
    {
      config,
      schema: {
        summary: 'Make an API key; the key itself is in this answer only',
        tags,
        body: newKeySchema,
        response: { 201: z.strictObject({ ...apiKeySchema.shape, key: z.string() }) },
      },
    },
    async (request, reply) => reply.code(201).send(await access.create(principalOf(request), request.body)),
  );

  app.get(
    '/v1/keys',
    {
      config,
      schema: { summary: 'API keys', tags, querystring: pageQuerySchema, response: { 200: pageSchema(apiKeySchema) } },
    },
    (request) => access.list(principalOf(request), request.query),
  );

  app.delete(
    '/v1/keys/:id',
    {
      config,
      preValidation: takesNoBody,
      schema: {
        summary: 'Revoke an API key, from the next request on',
        tags,
        params: z.strictObject({ id: z.string() }),
        response: { 204: z.null().describe('Revoked.') },
      },
    },
    async (request, reply) => {
      await access.revoke(principalOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}
