import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const contenders = [
  'Errand on Redis, batches',
  'Errand on Redis',
  'Errand on PostgreSQL',
  'by hand on Redis',
  'BullMQ, empty jobs',
  'undici, bare requests',
  'batches of new PDFs, 40 kB',
  'batches of unchanged PDFs, 40 kB',
];

it.runIf(inject('redisUrl') !== null)(
  'contract §2: the benchmark prints a table, and writes every round of every contender',
  { timeout: 300_000 },
  async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'errand-bench-'));
    try {
      const output = path.join(directory, 'latest.json');
      const args = ['bench/run.ts', '--rounds', '1', '--share', '0.005', '--output', output];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
      for (const name of contenders) expect(stdout).toMatch(new RegExp(`\\b${name} +\\| +[\\d,]+ `));
      for (const line of [
        'through Errand, Prefer: wait',
        'through Errand, during a night',
        'beside 100,000 of their own',
      ])
        expect(stdout).toContain(line);
      const written = JSON.parse(await readFile(output, 'utf8'));
      expect(written).toMatchObject({
        at: expect.any(String),
        share: 0.005,
        machine: expect.any(String),
        acceptedPerSecond: expect.any(Number),
      });
      expect(Object.keys(written.rounds)).toEqual(contenders);
      for (const name of contenders) {
        expect(written.rounds[name]).toMatchObject([{ perSecond: expect.any(Number), usage: expect.any(Object) }]);
        expect(written.rounds[name][0].perSecond).toBeGreaterThan(0);
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
);
