import { describe, expect, it } from 'vitest';
import { ownRedis } from '../../support/services/own-redis.ts';
import { runFaults } from './run.ts';

/** `ERRAND_TEST_SEED` gives another schedule; the long run takes a new one each time. */
const seed = Number(process.env.ERRAND_TEST_SEED ?? 20_261_125);
const backends = [...(ownRedis.available ? (['redis'] as const) : []), 'postgres' as const];

describe.each(backends)('faults, queues on %s (contract §7)', (backend) => {
  it(`lose nothing and double nothing, whatever is broken (seed ${seed})`, { timeout: 300_000 }, async () => {
    const said: string[] = [];
    const { problems, counts, faults } = await runFaults({
      backend,
      seed,
      forMs: 30_000,
      say: (line) => said.push(line),
    });
    expect(problems, said.join('\n')).toEqual([]);
    expect(counts.accepted).toBeGreaterThan(100);
    expect(counts.requests).toBeGreaterThanOrEqual(
      counts.accepted - Object.values(counts.failed).reduce((sum, each) => sum + each, 0),
    );
    expect(Object.keys(faults).length).toBeGreaterThan(0);
  });
});
