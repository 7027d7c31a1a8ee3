import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Api, principalOf } from '../instance.ts';
import { resultContent, sendResult } from '../result-bytes.ts';
import type { StoredResults } from '../stored-results.ts';

/** The newest good result of a command, for whoever needs no new one. */
export function resultRoutes(app: Api, { results }: { results: StoredResults }): void {
  app.get(
    '/v1/integrations/:id/commands/:command/latest',
    {
      config: { permission: 'invocations.read' },
      schema: {
        summary: 'The bytes of the newest good result for these tokens, with their `Age`',
        description:
          'The query parameters are the tokens, `?InvoiceNumber=INV1`, checked as those of an invocation are. ' +
          'Sensitive ones are refused. Nothing is sent to the customer.',
        tags: ['invocations'],
        params: z.strictObject({ id: z.string(), command: z.string() }),
        // Any names: they are checked against the command's tokens.
        querystring: z.object({}).catchall(z.string()),
        response: { 200: resultContent },
      },
    },
    async (request, reply) => {
      const { id: integration, command } = request.params;
      const of = { integration, command, tokens: request.query };
      const result = await results.byQuery(principalOf(request).accounts, of);
      reply.header('age', String(result.ageSeconds));
      return sendResult(request as FastifyRequest, reply as FastifyReply, result);
    },
  );
}
