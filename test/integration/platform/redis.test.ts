import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/platform/log.ts';
import { openRedis, redisProblem } from '../../../src/platform/redis.ts';
import { type OwnRedis, ownRedis } from '../../support/queues.ts';

describe.runIf(ownRedis.available)('a connection to Redis', () => {
  let server: OwnRedis;
  beforeEach(async () => {
    server = await ownRedis.start();
  });
  afterEach(async () => {
    await server?.stop();
  });

  it("of a producer fails soon while Redis is away, a worker's waits; both come back", async () => {
    const producer = openRedis(server.url, { role: 'producer', log: silentLog });
    const worker = openRedis(server.url, { role: 'worker', log: silentLog });
    await Promise.all([producer.set('a', '1'), worker.get('a')]);
    const lost = Promise.all([once(producer, 'close'), once(worker, 'close')]);
    await server.kill();
    await lost;
    const waiting = worker.get('a');
    const since = performance.now();
    await expect(producer.get('a')).rejects.toThrow();
    expect(performance.now() - since).toBeLessThan(3_000);
    const back = once(producer, 'ready');
    await server.restart();
    expect(await waiting).toBe('1');
    await back;
    expect(await producer.get('a')).toBe('1');
    producer.disconnect();
    worker.disconnect();
  });

  it('is checked for what would lose jobs', async () => {
    expect(await redisProblem(server.url)).toBeNull();
    const redis = openRedis(server.url, { role: 'worker', log: silentLog });
    await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    redis.disconnect();
    expect(await redisProblem(server.url)).toMatch(/noeviction/);
    await server.kill();
    await expect(redisProblem(server.url)).rejects.toThrow();
  });
});
