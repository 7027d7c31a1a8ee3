import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Batch } from '../../contract/batch.ts';
import { pause } from '../../platform/pg-session.ts';
import { type Api, principalOf } from '../instance.ts';
import { destroyUnread, patienceDefaults } from '../slow-clients.ts';
import { type BatchDependencies, idParams, read, tags } from './batch-dependencies.ts';

/** How often each who watches is told what changed. */
const lookMs = 1_000;
/** Proxies cut connections on which nothing comes. */
const keepAliveMs = 15_000;

const hasEnded = ({ finishedAt }: Batch) => finishedAt !== null;
/** What becomes of its callback is no progress of it. */
const idOf = ({ callback: _, ...batch }: Batch) =>
  createHash('sha256').update(JSON.stringify(batch)).digest('base64url').slice(0, 16);

/** Progress as server-sent events (WHATWG HTML §9.2): `progress` whenever it changed, `end` once it has ended. */
export function eventsRoute(app: Api, { batches, whileConnected }: BatchDependencies): void {
  app.get(
    '/v1/batches/:id/events',
    {
      config: read,
      schema: {
        summary: 'The progress of a batch as server-sent events',
        description:
          '`progress` with the batch whenever it changed, at most once a second; `end` with it when it has ended, and then ' +
          'the stream ends. With `Last-Event-ID` nothing is sent that was known then; 204 if that was the end.',
        tags,
        params: idParams,
        headers: z.looseObject({ 'last-event-id': z.string().optional() }),
        response: {
          200: {
            description: 'The events.',
            content: { 'text/event-stream': { schema: z.string() } },
          },
          204: z.null().describe('It has ended, and that was known.'),
        },
      },
    },
    async (request, reply) => {
      const { accounts } = principalOf(request);
      const { id } = request.params;
      const known = request.headers['last-event-id'];
      const first = await batches.get(accounts, id);
      // An EventSource connects again whenever a stream ends, unless it is told by this that there is no more.
      if (hasEnded(first) && known === idOf(first)) return reply.code(204).send(null);
      const response = reply as FastifyReply;
      response.hijack();
      response.raw.writeHead(200, {
        ...(response.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      destroyUnread(response, patienceDefaults.readingMs);
      await whileConnected(response, (signal) =>
        follow(response, first, known, () => batches.get(accounts, id), signal),
      );
      response.raw.end();
      return response as never;
    },
  );
}

async function follow(
  { raw }: FastifyReply,
  first: Batch,
  lastKnown: string | undefined,
  look: () => Promise<Batch>,
  signal: AbortSignal,
): Promise<void> {
  let known = lastKnown;
  let quietMs = 0;
  let batch = first;
  while (!signal.aborted) {
    const id = idOf(batch);
    if (id !== known) {
      await written(
        raw,
        signal,
        `event: ${hasEnded(batch) ? 'end' : 'progress'}\nid: ${id}\ndata: ${JSON.stringify(batch)}\n\n`,
      );
      known = id;
      quietMs = 0;
    } else if (quietMs >= keepAliveMs) {
      await written(raw, signal, ': still here\n\n');
      quietMs = 0;
    }
    if (hasEnded(batch)) return;
    await pause(lookMs, signal);
    quietMs += lookMs;
    // An outage of the database is no end: the next look may tell more.
    batch = await look().catch(() => batch);
  }
}

/** Nothing is added to what a client does not read; the connection ends if that lasts. */
async function written(raw: FastifyReply['raw'], signal: AbortSignal, text: string): Promise<void> {
  if (!raw.write(text)) await once(raw, 'drain', { signal }).catch(() => undefined);
}
