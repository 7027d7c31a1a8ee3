import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { GenericContainer, Wait } from 'testcontainers';
import { freePort } from '../ports.ts';
import { findProgram } from './programs.ts';
import { type Attempt, firstOf, messageOf } from './service.ts';
import type { Servers } from './versions.ts';

/** Redis for the run: the one that was named, else a container, else a server on the path. */
export function acquireRedis(servers: Servers, dockerProblem: string | null): Promise<Attempt> {
  const ways = [() => container(servers.redis, dockerProblem), () => onPath(servers.redisPrograms)];
  return firstOf(servers.name === 'usual' ? [named, ...ways] : ways);
}

async function named(): Promise<Attempt> {
  const url = process.env.ERRAND_TEST_REDIS_URL;
  if (url === undefined || url === '') return { why: 'ERRAND_TEST_REDIS_URL is not set' };
  return { service: { url, from: 'ERRAND_TEST_REDIS_URL', stop: async () => undefined } };
}

const settings = ['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'];

async function container(image: string, dockerProblem: string | null): Promise<Attempt> {
  if (dockerProblem !== null) return { why: dockerProblem };
  const server = image.includes('valkey') ? 'valkey-server' : 'redis-server';
  try {
    const running = await new GenericContainer(image)
      .withCommand([server, ...settings])
      .withExposedPorts(6379)
      .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
      .start();
    const url = `redis://${running.getHost()}:${running.getMappedPort(6379)}`;
    return { service: { url, from: `container ${image}`, stop: () => running.stop().then(() => undefined) } };
  } catch (error) {
    return { why: `the container ${image} did not start (${messageOf(error)})`, broken: true };
  }
}

async function onPath(programs: readonly string[]): Promise<Attempt> {
  const program = findProgram(programs);
  if (program === null) return { why: noProgram(programs) };
  const directory = await mkdtemp(path.join(tmpdir(), `errand-test-${process.pid}-`));
  const port = await freePort();
  try {
    const server = await runRedis(program, ['--port', String(port), '--dir', directory, ...settings]);
    const stop = async () => {
      await server.kill();
      await rm(directory, { recursive: true, force: true });
    };
    return { service: { url: `redis://127.0.0.1:${port}`, from: program, stop } };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    return { why: `${program} did not start (${messageOf(error)})` };
  }
}

/** Resolves when the server takes connections. `kill` is SIGKILL, and resolves when it is gone. */
export async function runRedis(
  program: string,
  args: readonly string[],
): Promise<{ signal(signal: NodeJS.Signals): void; kill(): Promise<void> }> {
  const server = spawn(program, ['--bind', '127.0.0.1', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const killAtExit = () => void server.kill('SIGKILL');
  process.once('exit', killAtExit);
  const kill = async () => {
    process.off('exit', killAtExit);
    if (server.exitCode === null && server.signalCode === null && server.kill('SIGKILL')) await once(server, 'exit');
  };
  try {
    await accepts(server);
    return { signal: (signal) => void server.kill(signal), kill };
  } catch (error) {
    await kill();
    throw error;
  }
}

/** What a test may start as its own server, and break. */
const ownPrograms = ['redis-server', 'valkey-server'];
export const noRedisProgram = noProgram(ownPrograms);

export function redisProgram(): string | null {
  return findProgram(ownPrograms);
}

function noProgram(names: readonly string[]): string {
  return `no ${names.join(' or ')} on the path`;
}

function accepts(server: ChildProcess): Promise<void> {
  let said = '';
  return new Promise((resolve, reject) => {
    server.stdout?.on('data', (data: Buffer) => {
      said += data.toString();
      if (!said.includes('Ready to accept connections')) return;
      said = '';
      resolve();
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(said.trim().split('\n').slice(-3).join(' | '))));
  });
}
