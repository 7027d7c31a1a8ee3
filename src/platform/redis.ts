import { Redis } from 'ioredis';

/**
 * What is wrong with a Redis that answers, in words for whoever runs it; `null` if nothing is.
 *
 * @throws Error if it does not answer
 */
export async function redisProblem(url: string): Promise<string | null> {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 0,
    connectTimeout: 5_000,
    lazyConnect: true,
    retryStrategy: () => null,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    // INFO, not CONFIG GET: managed services forbid the latter.
    return problemOf(await redis.info());
  } finally {
    redis.disconnect();
  }
}

/** @param info the answer to INFO */
export function problemOf(info: string): string | null {
  const field = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? '';
  const version = field('redis_version');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 6 || (major === 6 && minor < 2)) return `Redis is ${version}; Errand needs 6.2 or newer, or Valkey.`;
  const policy = field('maxmemory_policy');
  if (policy !== '' && policy !== 'noeviction') {
    return `maxmemory-policy is ${policy}: a full Redis would drop jobs. Set it to noeviction.`;
  }
  return null;
}

/** Where the driver connects to for this URL. */
export function redisAddress(url: string): { host: string; port: number } {
  const { host = 'localhost', port = 6379 } = new Redis(url, { lazyConnect: true }).options;
  return { host, port };
}
