import type { Cluster, Redis } from 'ioredis';
import type { Pool } from 'pg';

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

/** As `lostInRedis`, from BullMQ's own table. */
export async function lostInPostgres(pool: Pool, queue: string, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await pool.query<{ id: string }>({
    name: 'lost-jobs',
    text: `
select id from bullmq.job
where queue = $1 and id = any($2::text[]) and state not in ('completed', 'failed')`,
    values: [queue, ids],
  });
  const open = new Set(rows.map(({ id }) => id));
  return new Set(ids.filter((id) => !open.has(id)));
}
