import { Worker } from 'bullmq';
import pg from 'pg';
import { play } from '../play.ts';
import { concurrency, queues } from '../settings.ts';

/**
 * What a team writes in an afternoon: a BullMQ worker that reads the integration's configuration, fetches, and writes
 * result, audit entry and Last Sync, each with a statement of its own.
 */
const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl } = process.env;
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });

type Data = { id: string; integration: string; invoice: string };

async function work({ id, integration, invoice }: Data): Promise<void> {
  const { rows } = await pool.query('select url from integrations where id = $1', [integration]);
  const response = await fetch(String(rows[0].url).replace('{{InvoiceNumber}}', encodeURIComponent(invoice)));
  if (!response.ok) throw new Error(`answered ${response.status}`);
  const bytes = Buffer.from(await response.arrayBuffer());
  await pool.query('insert into results (id, integration, status, bytes) values ($1, $2, $3, $4)', [
    id,
    integration,
    response.status,
    bytes,
  ]);
  await pool.query('insert into audit (action, subject, details) values ($1, $2, $3)', [
    'invocation.succeeded',
    id,
    JSON.stringify({ integration, bytes: bytes.length }),
  ]);
  await pool.query('update integrations set last_sync_at = now() where id = $1', [integration]);
}

let firstAt = 0;
let lastAt = 0;
let ended = 0;

await play({
  start: async () => {
    const process = async ({ data }: { data: Data }) => {
      if (firstAt === 0) firstAt = performance.now();
      await work(data);
      lastAt = performance.now();
      ended += 1;
    };
    const worker = new Worker<Data>(queues.byHand, process, { connection: { url: redisUrl ?? '' }, concurrency });
    await worker.waitUntilReady();
    const stop = async () => {
      await worker.close();
      await pool.end();
    };
    return { ready: null, figures: () => ({ ended, ms: lastAt - firstAt }), stop };
  },
});
