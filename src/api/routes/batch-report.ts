import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify/sync';
import type { FastifyReply } from 'fastify';
import { batchReportSchema, type MissingItem } from '../../contract/batch-report.ts';
import { maxPageSize, pageQuerySchema } from '../../contract/paging.ts';
import { acceptsJson } from '../accept-header.ts';
import { type Api, principalOf } from '../instance.ts';
import { type BatchDependencies, idParams, read, tags } from './batch-dependencies.ts';

/** What a batch brought and what it did not: for the morning after. */
export function reportRoute(app: Api, { batches }: BatchDependencies): void {
  app.get(
    '/v1/batches/:id/report',
    {
      config: read,
      schema: {
        summary: 'What a batch brought, by error code, and what is missing; as CSV, all that is missing',
        description: '`Accept: text/csv` answers everything that is missing, one line each.',
        tags,
        params: idParams,
        querystring: pageQuerySchema,
        response: { 200: batchReportSchema },
      },
    },
    async (request, reply) => {
      const { accounts } = principalOf(request);
      const { id } = request.params;
      if (acceptsJson(request.headers.accept)) return batches.report(accounts, id, request.query);
      return sendCsv(reply as FastifyReply, id, (cursor) =>
        batches.report(accounts, id, { limit: maxPageSize, ...(cursor === undefined ? {} : { cursor }) }),
      );
    },
  );
}

const columns = ['item', 'invocation', 'reference', 'status', 'code', 'message', 'tokens'];

/** Spreadsheets take text that begins so for a formula (OWASP: CSV injection). */
const harmless = (text: string) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

function rowOf({ item, id, reference, status, code, message, tokens }: MissingItem): string[] {
  return [String(item), id, reference ?? '', status, code ?? '', message ?? '', JSON.stringify(tokens)].map(harmless);
}

/** Page by page, so that a night of failures is not held in memory. */
async function sendCsv(
  reply: FastifyReply,
  id: string,
  pageFrom: (cursor: string | undefined) => Promise<{ missing: MissingItem[]; nextCursor: string | null }>,
): Promise<FastifyReply> {
  let page = await pageFrom(undefined);
  async function* lines() {
    yield stringify([columns]);
    for (;;) {
      if (page.missing.length > 0) yield stringify(page.missing.map(rowOf));
      if (page.nextCursor === null) return;
      page = await pageFrom(page.nextCursor);
    }
  }
  return reply
    .headers({
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': `attachment; filename="missing-${id}.csv"`,
    })
    .send(Readable.from(lines()));
}
