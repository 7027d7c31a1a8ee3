import { Redis } from 'ioredis';
import type { Log } from './log.ts';
import { reasonOf } from './pg-errors.ts';
import { redactUrl } from './redact-url.ts';

export type RedisOptions = {
  /**
   * `worker`: a command waits until Redis is back, as BullMQ's workers and events want it. `producer`: a command fails
   * within some 2 s while Redis is away; whoever waits for a 202 must not wait for Redis, and the sweep rings later.
   */
  role: 'producer' | 'worker';
  log: Log;
};

/** One reconnection takes milliseconds; 2 s leave room for a busy event loop. */
const producerTimeoutMs = 2_000;
/** 50, 100, 200, … ms: soon after a blip, and without a stampede while Redis is down. */
const firstRetryMs = 50;
const longestRetryMs = 2_000;

/** A connection that reconnects for ever, and says when it lost Redis and when it is back, once each. */
export function openRedis(url: string, { role, log }: RedisOptions): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: role === 'worker' ? null : 1,
    ...(role === 'producer' ? { commandTimeout: producerTimeoutMs } : {}),
    connectTimeout: 5_000,
    retryStrategy: (times) => Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(times - 1, 10)),
    // After a failover the old primary is read-only: connect anew, to whoever the name now leads to.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
  let away = false;
  redis.on('error', (error) => {
    if (away) return;
    away = true;
    log.warn('redis.lost', { redis: redactUrl(url), reason: reasonOf(error) }, 'Redis does not answer; keeps trying');
  });
  redis.on('ready', () => {
    if (away) log.info('redis.back', { redis: redactUrl(url) });
    away = false;
  });
  return redis;
}

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
