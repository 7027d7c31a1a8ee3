import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Audit } from '../../audit/list.ts';
import type { KeyAccounts } from '../../contract/api-key.ts';
import {
  type AuditFilter,
  type AuditVerification,
  auditEntrySchema,
  auditFilterSchema,
  auditVerificationSchema,
  type KeptSealQuery,
  keptSealSchema,
} from '../../contract/audit.ts';
import { maxPageSize, pageQuerySchema, pageSchema } from '../../contract/paging.ts';
import { acceptsJson } from '../accept-header.ts';
import { type Api, principalOf } from '../instance.ts';
import { ndjsonMediaType } from '../ndjson.ts';
import { ProblemError } from '../problems.ts';
import type { WhileConnected } from '../waiting.ts';

const querySchema = z.strictObject({ ...auditFilterSchema.shape, ...pageQuerySchema.shape });

export type AuditRoutesDependencies = {
  audit: Audit;
  verifyAudit: (kept: KeptSealQuery, signal: AbortSignal) => Promise<AuditVerification>;
};

export function auditRoutes(
  app: Api,
  { audit, verifyAudit, whileConnected }: AuditRoutesDependencies & { whileConnected: WhileConnected },
): void {
  app.get(
    '/v1/audit',
    {
      config: { permission: 'audit.read' },
      schema: {
        summary: 'The audit log, newest first; as NDJSON, all of it',
        description:
          '`subject` is `type:id`, or an id of any type (slower); `actor` is an id or a name. `since` is included, `until` is ' +
          `not. \`Accept: ${ndjsonMediaType}\` answers everything that fits, one entry a line, newest first.`,
        tags: ['audit'],
        querystring: querySchema,
        response: { 200: pageSchema(auditEntrySchema) },
      },
    },
    (request, reply) => {
      const { accounts } = principalOf(request);
      const { limit, cursor, ...filter } = request.query;
      if (acceptsJson(request.headers.accept)) return audit.list(accounts, filter, { limit, cursor });
      return sendAll(reply as FastifyReply, audit, { accounts, filter, cursor }) as never;
    },
  );
  app.get(
    '/v1/audit/verify',
    {
      config: { permission: 'audit.verify' },
      schema: {
        summary: 'Is the audit log as it was sealed?',
        description:
          'Holds every entry against the seals, so it takes a while: some seconds for a million. With `number` and `head` of a ' +
          'seal that was kept elsewhere it also finds out if the log was cut off or made anew. For keys of all accounts.',
        tags: ['audit'],
        querystring: keptSealSchema,
        response: { 200: auditVerificationSchema },
      },
    },
    (request, reply) => {
      if (principalOf(request).accounts !== '*') {
        throw new ProblemError('forbidden', 'This needs a key for all accounts: the seals are over all of them.');
      }
      return whileConnected(reply, (signal) => verifyAudit(request.query, signal));
    },
  );
}

/** Page by page: a log of years is not held in memory. */
async function sendAll(
  reply: FastifyReply,
  audit: Audit,
  { accounts, filter, cursor }: { accounts: KeyAccounts; filter: AuditFilter; cursor: string | undefined },
): Promise<FastifyReply> {
  const pageFrom = (from: string | undefined) => audit.list(accounts, filter, { limit: maxPageSize, cursor: from });
  // Before the answer begins, so that a cursor that does not fit is refused.
  let page = await pageFrom(cursor);
  async function* lines() {
    for (;;) {
      if (page.items.length > 0) yield `${page.items.map((entry) => JSON.stringify(entry)).join('\n')}\n`;
      if (page.nextCursor === null) return;
      page = await pageFrom(page.nextCursor);
    }
  }
  return reply
    .headers({ 'content-type': ndjsonMediaType, 'content-disposition': 'attachment; filename="audit.ndjson"' })
    .send(Readable.from(lines()));
}
