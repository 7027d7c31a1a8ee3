import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What can be restarted and emptied by one test alone: a server of its own. `null`: there is none on the path. */
export const redisProgram: string | null =
  ['redis-server', 'valkey-server'].find((program) => spawnSync(program, ['--version']).error === undefined) ?? null;

export type OwnRedis = { url: string; down(): Promise<void>; up(): Promise<void>; close(): Promise<void> };

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

async function run(port: number, folder: string): Promise<ChildProcess> {
  const options = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--appendonly', 'yes'];
  const server = spawn(redisProgram ?? '', [...options, '--save', '', '--maxmemory-policy', 'noeviction']);
  server.stderr.resume();
  let said = '';
  await new Promise<void>((resolve, reject) => {
    server.stdout.on('data', (data: Buffer) => {
      said += data.toString();
      if (said.includes('Ready to accept connections')) resolve();
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`${redisProgram} ended:\n${said}`)));
  });
  return server;
}

/** A Redis as operators run it: append-only, no eviction. It comes up again with the data that it had. */
export async function startOwnRedis(): Promise<OwnRedis> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'errand-redis-'));
  let server: ChildProcess | null = await run(port, folder);
  const down = async () => {
    if (server === null) return;
    const exited = once(server, 'exit');
    server.kill('SIGTERM');
    await exited;
    server = null;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    down,
    async up() {
      server ??= await run(port, folder);
    },
    async close() {
      await down();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
