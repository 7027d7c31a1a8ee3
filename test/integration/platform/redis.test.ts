import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { redisProblem } from '../../../src/platform/redis.ts';
import { type OwnRedis, ownRedis } from '../../support/queues.ts';

describe.runIf(ownRedis.available)('contract §2: a Redis', () => {
  let server: OwnRedis;
  beforeEach(async () => {
    server = await ownRedis.start();
  });
  afterEach(async () => {
    await server?.stop();
  });

  it('is checked for what would lose jobs', async () => {
    expect(await redisProblem(server.url)).toBeNull();
    const redis = new Redis(server.url);
    await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    redis.disconnect();
    expect(await redisProblem(server.url)).toMatch(/noeviction/);
    await server.kill();
    await expect(redisProblem(server.url)).rejects.toThrow();
  });
});
