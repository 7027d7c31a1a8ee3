import { createRedisBackend, Queue } from 'bullmq';
import { uuidv7 } from 'uuidv7';
import { openCore } from '../src/app/core.ts';
import { silentLog } from '../src/platform/log.ts';
import { type Machine, withClient } from './machine.ts';
import { type Report, startPart, type Usage } from './part.ts';
import { environment, queues, readyConfig } from './settings.ts';

/** One round of one contender: how many, in how long, and what the worker's process used for it. */
export type Round = { perSecond: number; usage: Usage; count: number };

type Ended = { ended: number; ms: number };

/** Integrations that the work is spread over, so that none reaches the 8 exchanges that it may have in flight. */
export const integrations = Array.from({ length: 40 }, (_, index) => `customer-${index}`);
export const integrationOf = (index: number): string => integrations[index % integrations.length] ?? '';
export const command = 'GetInvoiceImage';

/** Seldom: looking is work of the database's, too, and would be measured along. */
const lookMs = 250;
const longestMs = 30_000;

export async function until(done: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + longestMs;
  while (!(await done())) {
    if (performance.now() > deadline) throw new Error(`A round took longer than ${longestMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

/**
 * Errand's own worker. The rows and their jobs are there before it starts, enqueued by the code that the API calls for
 * each request; timed is from the first claim to the last ending, by the rows.
 */
export async function errandRound({ databaseUrl }: Machine, redisUrl: string | null, count: number): Promise<Round> {
  const env = environment(databaseUrl, redisUrl);
  const first = await enqueueAll(env, count);
  const worker = await startPart('errand-worker', { env, args: ['batch'] });
  try {
    return await withClient(databaseUrl, async (client) => {
      await until(async () => {
        const open = await client.query('select from invocations where due_at is not null limit 1');
        return open.rowCount === 0;
      });
      const { usage } = await worker.report();
      const { rows } = await client.query<{ ended: string; succeeded: string; ms: number }>(
        `select count(*) as ended, count(*) filter (where status = 'succeeded') as succeeded,
           extract(epoch from max(finished_at) - min(first_attempt_at))::float8 * 1000 as ms
         from invocations where id >= $1`,
        [first],
      );
      const { ended = '0', succeeded = '0', ms = 0 } = rows[0] ?? {};
      if (Number(succeeded) !== count) throw new Error(`${succeeded} of ${count} succeeded, ${ended} ended`);
      return { perSecond: (count / ms) * 1000, usage, count };
    });
  } finally {
    await worker.stop();
  }
}

/** Answers the least id of those enqueued. */
async function enqueueAll(env: Record<string, string>, count: number): Promise<string> {
  const core = openCore(readyConfig(env), silentLog, 'bench');
  const principal = { actor: { type: 'system', id: 'bench', name: null }, accounts: '*' } as const;
  const first = uuidv7();
  let next = 0;
  const enqueueSome = async () => {
    for (let index = next++; index < count; index = next++) {
      const tokens = { InvoiceNumber: `INV-${first}-${index}` };
      await core.enqueue(principal, { integration: integrationOf(index), command, tokens, lane: 'batch' });
    }
  };
  try {
    await Promise.all(Array.from({ length: 200 }, enqueueSome));
  } finally {
    await core.close();
  }
  return first;
}

/** The worker that is written by hand, on tables of its own. */
export async function byHandRound(machine: Machine, count: number): Promise<Round> {
  const { byHandDatabaseUrl, redisUrl } = machine;
  await addJobs(
    redisUrl,
    queues.byHand,
    Array.from({ length: count }, (_, index) => {
      const id = uuidv7();
      return { id, integration: integrationOf(index), invoice: id };
    }),
  );
  return partRound('by-hand', { DATABASE_URL: byHandDatabaseUrl, REDIS_URL: redisUrl }, [], count);
}

export async function prepareByHand({ byHandDatabaseUrl, endpointUrl }: Machine): Promise<void> {
  await withClient(byHandDatabaseUrl, async (client) => {
    await client.query(`
      create table integrations (id text primary key, url text not null, last_sync_at timestamptz);
      create table results (id uuid primary key, integration text not null, status int not null, bytes bytea not null,
        at timestamptz not null default now());
      create table audit (id bigint generated always as identity primary key, at timestamptz not null default now(),
        action text not null, subject uuid not null, details jsonb not null);`);
    await client.query('insert into integrations (id, url) select id, $2 from unnest($1::text[]) as t(id)', [
      integrations,
      `${endpointUrl}/invoices/{{InvoiceNumber}}`,
    ]);
  });
}

export async function emptyRound({ redisUrl }: Machine, count: number): Promise<Round> {
  await addJobs(redisUrl, queues.empty, Array.from({ length: count }));
  return partRound('empty-jobs', { REDIS_URL: redisUrl }, [], count);
}

export function bareRound({ endpointUrl }: Machine, count: number): Promise<Round> {
  return partRound('bare-requests', {}, [`${endpointUrl}/bare`, String(count)], count);
}

async function partRound(
  name: string,
  env: Record<string, string>,
  args: readonly string[],
  count: number,
): Promise<Round> {
  const part = await startPart<null, Ended>(name, { env, args });
  try {
    let report: Report<Ended> = await part.report();
    await until(async () => {
      report = await part.report();
      return report.figures.ended >= count;
    });
    return { perSecond: (count / report.figures.ms) * 1000, usage: report.usage, count };
  } finally {
    await part.stop();
  }
}

const jobsPerCall = 1_000;

async function addJobs(redisUrl: string, name: string, datas: readonly unknown[]): Promise<void> {
  const queue = new Queue<unknown>(name, { connection: { url: redisUrl } }, createRedisBackend);
  const opts = { removeOnComplete: { count: 1_000 }, removeOnFail: { count: 10_000 } };
  for (let start = 0; start < datas.length; start += jobsPerCall) {
    await queue.addBulk(datas.slice(start, start + jobsPerCall).map((data) => ({ name: 'job', data, opts })));
  }
  await queue.close();
}
