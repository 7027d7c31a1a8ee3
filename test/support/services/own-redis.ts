import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import type { Certificate } from '../endpoints/certificates.ts';
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

/** @param tls its certificate, for `localhost`: it then speaks nothing else */
async function startOwnRedis({ tls }: { tls?: Certificate } = {}): Promise<OwnRedis> {
  const program = redisProgram();
  if (program === null) throw new Error(`A Redis of one's own cannot be started: ${noRedisProgram}`);
  const directory = await mkdtemp(path.join(tmpdir(), `errand-test-${process.pid}-`));
  const port = await freePort();
  const url = tls === undefined ? `redis://127.0.0.1:${port}` : `rediss://localhost:${port}`;
  const persistence = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
  const listening = tls === undefined ? ['--port', String(port)] : await secured(directory, port, tls);
  const args = [...listening, '--dir', directory, ...persistence, '--maxmemory-policy', 'noeviction'];
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

/** What makes a server speak nothing but TLS. @param ca who vouches for those that it trusts, if that is not itself */
export async function secured(
  directory: string,
  port: number,
  { cert, key, ca = cert }: Certificate & { ca?: string },
): Promise<string[]> {
  const file = (name: string) => path.join(directory, name);
  await Promise.all([
    writeFile(file('cert.pem'), cert),
    writeFile(file('key.pem'), key),
    writeFile(file('ca.pem'), ca),
  ]);
  const files = [
    '--tls-cert-file',
    file('cert.pem'),
    '--tls-key-file',
    file('key.pem'),
    '--tls-ca-cert-file',
    file('ca.pem'),
  ];
  return ['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no', ...files];
}
