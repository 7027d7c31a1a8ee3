import type { Cluster, Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import { lockDuration } from './job-taker.ts';

/**
 * Those of the ids that no worker will take any more: unknown to the queue, completed or failed. One round trip.
 *
 * A job is a hash at `<prefix>:<queue>:<id>`, with `finishedOn` once it has completed or failed.
 */
export async function lostInRedis(
  client: Redis | Cluster,
  { prefix, name }: { prefix: string; name: string },
  ids: readonly string[],
): Promise<Set<string>> {
  const pipeline = client.pipeline();
  for (const id of ids) pipeline.hmget(`${prefix}:${name}:${id}`, 'timestamp', 'finishedOn');
  const answers = (await pipeline.exec()) ?? [];
  const lost = new Set<string>();
  for (const [index, id] of ids.entries()) {
    const [error, fields] = answers[index] ?? [new Error('Redis gave no answer'), null];
    if (error !== null) throw error;
    const [timestamp, finishedOn] = fields as [string | null, string | null];
    if (timestamp === null || finishedOn !== null) lost.add(id);
  }
  return lost;
}

type Lock = { until: string | number; since: number };

/** Jobs in hand whose locks are remembered: more than there are in flight, in all workers. */
const maxLocks = 10_000;

/**
 * As `lostInRedis`, from BullMQ's own table; and a job in hand whose lock was not renewed for as long as it is good. BullMQ
 * would put it back by itself, but by the clocks of its workers: where they are a minute wrong, it takes minutes. Here
 * locks are only compared with what they were, and times are those of this process.
 *
 * @param now milliseconds that only ever grow
 */
export function createLostInPostgres(pool: Pool, now: () => number = () => performance.now()) {
  const locks = new LRUCache<string, Lock>({ max: maxLocks });

  function isRenewed(key: string, until: string | number): boolean {
    const known = locks.get(key);
    if (known?.until === until) return now() - known.since < lockDuration;
    locks.set(key, { until, since: now() });
    return true;
  }

  return async (queue: string, ids: readonly string[]): Promise<Set<string>> => {
    const { rows } = await pool.query<{ id: string; until: string | number | null }>({
      name: 'lost-jobs',
      text: `
select id, case when state = 'active' then locked_until_ms end as until from bullmq.job
where queue = $1 and id = any($2::text[]) and state not in ('completed', 'failed')`,
      values: [queue, ids],
    });
    const open = rows.filter(({ id, until }) => until === null || isRenewed(`${queue} ${id}`, until));
    const held = new Set(open.map(({ id }) => id));
    return new Set(ids.filter((id) => !held.has(id)));
  };
}
