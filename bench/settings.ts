import type { ReadyConfig } from '../src/app/core.ts';
import { type Environment, loadConfig } from '../src/platform/config.ts';

export const adminKey = 'a-key-that-is-only-for-the-benchmark';

/** Queues of what Errand is compared with. */
export const queues = { byHand: 'by-hand', empty: 'empty' } as const;

/** Jobs in hand at a time, of Errand's worker and of those that it is compared with. */
export const concurrency = 64;

/** The variables of one Errand; without `redisUrl` its queues are in PostgreSQL. */
export function environment(databaseUrl: string, redisUrl: string | null): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    ...(redisUrl === null ? {} : { REDIS_URL: redisUrl }),
    PORT: '0',
    ERRAND_ADMIN_KEY: adminKey,
    ERRAND_SECRET_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
    ERRAND_EGRESS_ALLOW: '127.0.0.1',
    ERRAND_CONCURRENCY_BATCH: String(concurrency),
    ERRAND_CONCURRENCY_INTERACTIVE: String(concurrency),
  };
}

export function readyConfig(env: Environment): ReadyConfig {
  const config = loadConfig(env, { role: 'api' });
  return { ...config, databaseUrl: config.databaseUrl ?? '', directUrl: config.directUrl ?? '' };
}
