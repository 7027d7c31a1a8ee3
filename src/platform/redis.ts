import { Redis } from 'ioredis';
import { redisNodes } from '../contract/redis-nodes.ts';

/**
 * What is wrong with a Redis that answers, or with a node of a cluster that does, in words for whoever runs it; `null` if
 * nothing is.
 *
 * @throws Error if none answers
 */
export async function redisProblem(url: string): Promise<string | null> {
  const nodes = redisNodes(url);
  const answers = await Promise.allSettled(nodes.map(infoOf));
  const infos = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  if (infos.length === 0) throw answers.find((answer) => answer.status === 'rejected')?.reason;
  return infos.map((info) => problemOf(info, nodes.length > 1)).find((problem) => problem !== null) ?? null;
}

async function infoOf(url: string): Promise<string> {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 0,
    connectTimeout: 5_000,
    lazyConnect: true,
    retryStrategy: () => null,
  });
  // What `connect` rejects with says only that it is closed.
  let reason: Error | undefined;
  redis.on('error', (error) => {
    reason = error;
  });
  try {
    await redis.connect();
    // INFO, not CONFIG GET: managed services forbid the latter.
    return await redis.info();
  } catch (error) {
    throw reason ?? error;
  } finally {
    redis.disconnect();
  }
}

/** @param info the answer to INFO  @param clustered it is to be a node of a cluster */
export function problemOf(info: string, clustered = false): string | null {
  const field = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? '';
  const version = field('redis_version');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 6 || (major === 6 && minor < 2)) return `Redis is ${version}; Errand needs 6.2 or newer, or Valkey.`;
  const policy = field('maxmemory_policy');
  if (policy !== '' && policy !== 'noeviction') {
    return `maxmemory-policy is ${policy}: a full Redis would drop jobs. Set it to noeviction.`;
  }
  const mode = field('redis_mode');
  if (clustered && mode === 'standalone') return 'REDIS_URL names several nodes, but Redis is no cluster: name one.';
  if (!clustered && mode === 'cluster') {
    return 'Redis is a cluster: name several of its nodes in REDIS_URL, with commas between them (or its one address twice).';
  }
  return null;
}

/** Where the driver connects to for this URL, at first: a cluster has nodes that it does not name. */
export function redisAddresses(url: string): { host: string; port: number }[] {
  return redisNodes(url).map((node) => {
    const { host = 'localhost', port = 6379 } = new Redis(node, { lazyConnect: true }).options;
    return { host, port };
  });
}
