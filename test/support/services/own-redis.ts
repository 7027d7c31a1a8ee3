import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../ports.ts';
import { noRedisProgram, redisProgram, runRedis } from './redis.ts';

/** A Redis of a test's own, which it may empty, kill and start again. */
export type OwnRedis = {
  url: string;
  flushAll(): Promise<void>;
  /** `SIGSTOP` and `SIGCONT`, for instance. */
  signal(signal: NodeJS.Signals): void;
  kill(): Promise<void>;
  /** On the same port, with the data that it had. */
  restart(): Promise<void>;
  stop(): Promise<void>;
};

export const ownRedis = {
  /** For `describe.runIf`: is there a server on the path? */
  available: redisProgram() !== null,
  start: startOwnRedis,
};

async function startOwnRedis(): Promise<OwnRedis> {
  const program = redisProgram();
  if (program === null) throw new Error(`A Redis of one's own cannot be started: ${noRedisProgram}`);
  const directory = await mkdtemp(path.join(tmpdir(), `errand-test-${process.pid}-`));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const persistence = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
  const args = ['--port', String(port), '--dir', directory, ...persistence, '--maxmemory-policy', 'noeviction'];
  let server = await runRedis(program, args);
  return {
    url,
    async flushAll() {
      const redis = new Redis(url);
      await redis.flushall();
      redis.disconnect();
    },
    signal: (signal) => server.signal(signal),
    kill: () => server.kill(),
    async restart() {
      await server.kill();
      server = await runRedis(program, args);
    },
    async stop() {
      await server.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
