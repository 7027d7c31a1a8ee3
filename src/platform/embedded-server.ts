import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile, readlink, realpath, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { type Cluster, serverEnvironment } from './embedded-cluster.ts';
import type { ServerUser } from './embedded-user.ts';
import type { Log } from './log.ts';

/** How a process ended. */
type Ended = { code: number | null; signal: NodeJS.Signals | null };

export type Server = {
  pid: number;
  port: number;
  /** Resolves when the server is gone, whoever ended it. */
  exited: Promise<Ended>;
  stop(): Promise<void>;
};

export type StartOptions = {
  cluster: Cluster;
  postgres: string;
  user: ServerUser | null;
  durable: boolean;
  log: Log;
  /** The one to listen on; default: a free one. */
  port?: number;
  /** Gives up the start. */
  signal?: AbortSignal;
};

const pollMs = 20;
/** Recovery after a crash replays up to max_wal_size (1 GB) of WAL. */
const startTimeoutMs = 120_000;
/** A fast shutdown writes a checkpoint; after this the server is told to drop everything and recover at the next start. */
const stopTimeoutMs = 20_000;
const startAttempts = 20;

/**
 * Starts the server on a free port of the loopback interface, and resolves when it takes connections. A server that an
 * earlier, killed process left behind is stopped first.
 */
export async function startServer(options: StartOptions): Promise<Server> {
  await stopLeftover(options);
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await tryStart(options, options.port ?? (await freePort()));
    if (outcome.started) return outcome.server;
    options.signal?.throwIfAborted();
    // The port was taken meanwhile, or what a killed server left of itself is still ending.
    const passing = /Address already in use|pre-existing shared memory block/.test(outcome.said);
    if (!passing || attempt === startAttempts) throw new Error(`PostgreSQL did not start: ${outcome.said}`);
    await sleep(attempt * 50);
  }
}

async function tryStart(
  options: StartOptions,
  port: number,
): Promise<{ started: true; server: Server } | { started: false; said: string }> {
  const { cluster, user, signal } = options;
  const logFile = path.join(cluster.home, 'server.log');
  // A file, not a pipe: the server may outlive this process, and then nobody would read.
  const output = await open(logFile, options.port === undefined ? 'w' : 'a', 0o600);
  const { size } = await output.stat();
  const child = spawn(options.postgres, argumentsFor(options, port), {
    ...(user === null ? {} : { uid: user.uid, gid: user.gid }),
    cwd: cluster.home,
    env: serverEnvironment,
    stdio: ['ignore', output.fd, output.fd],
    // A process group of its own: Ctrl-C in a terminal must reach Errand first, which still writes while it drains.
    detached: true,
  });
  const exited = new Promise<Ended>((resolve) => {
    child.once('exit', (code, by) => resolve({ code, signal: by }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
  await output.close();
  if (await ready(child, cluster.data, signal)) return { started: true, server: handleOf(child, port, exited) };
  child.kill(signal?.aborted ? 'SIGQUIT' : 'SIGKILL');
  await exited;
  const written = await readFile(logFile).catch(() => Buffer.alloc(0));
  const said = written.subarray(size).toString().trim().split('\n').slice(-5).join(' | ');
  return { started: false, said: said === '' ? `${options.postgres} could not be run` : said };
}

function argumentsFor({ cluster, durable }: StartOptions, port: number): string[] {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    // `up` is three processes with a pool for the tables and one for the queues each.
    max_connections: 200,
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    // Statements can hold token values: the server's log is no place for them.
    log_min_error_statement: 'panic',
    // Commits are written, but wait for no disk: what the server acknowledged outlives its own crash, not the machine's.
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
  };
  return ['-D', cluster.data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/** False if the server ended, or is not ready in time or before it is given up. */
async function ready(child: ChildProcess, data: string, signal: AbortSignal | undefined): Promise<boolean> {
  const deadline = Date.now() + startTimeoutMs;
  let failed = false;
  child.once('error', () => {
    failed = true;
  });
  const over = () => failed || child.exitCode !== null || child.signalCode !== null || signal?.aborted;
  while (!over() && Date.now() < deadline) {
    const lines = await pidFile(data);
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready') return true;
    await sleep(pollMs);
  }
  return false;
}

function handleOf(child: ChildProcess, port: number, exited: Promise<Ended>): Server {
  // The server must not keep this process alive, nor outlive it when it ends without stopping it.
  const tellAtExit = () => void child.kill('SIGINT');
  process.once('exit', tellAtExit);
  void exited.then(() => process.off('exit', tellAtExit));
  child.unref();
  let stopped: Promise<void> | null = null;

  async function stop(): Promise<void> {
    child.ref();
    child.kill('SIGINT');
    const impatient = setTimeout(() => child.kill('SIGQUIT'), stopTimeoutMs);
    await exited;
    clearTimeout(impatient);
  }

  return {
    pid: child.pid ?? 0,
    port,
    exited,
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** The lines of postmaster.pid: pid, data directory, start time, port, socket directory, address, memory key, status. */
export async function pidFile(data: string): Promise<string[]> {
  const text = await readFile(path.join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  return text === '' ? [] : text.split('\n');
}

/**
 * The caller holds the data directory, so a server that runs on it is nobody's: its owner was killed. Stopped and started
 * anew instead of taken over, so that there is one way to start and the settings are this version's.
 */
async function stopLeftover({ cluster, log }: StartOptions): Promise<void> {
  const pid = Number((await pidFile(cluster.data))[0]);
  if (!Number.isInteger(pid) || pid <= 1) return;
  if (!(await isServerOf(pid, cluster.data))) {
    // The number may be some other process's by now, which PostgreSQL would take for a running server and refuse.
    await rm(path.join(cluster.data, 'postmaster.pid'), { force: true });
    return;
  }
  log.warn('database.leftover', { leftover: pid }, 'Stops the PostgreSQL that an earlier Errand left behind');
  const deadline = Date.now() + stopTimeoutMs;
  process.kill(pid, 'SIGINT');
  let insisted = false;
  while (await isServerOf(pid, cluster.data)) {
    if (Date.now() > deadline && !insisted) {
      insisted = true;
      process.kill(pid, 'SIGQUIT');
    }
    if (Date.now() > deadline + stopTimeoutMs)
      throw new Error(`The PostgreSQL with pid ${pid} on ${cluster.data} does not stop`);
    await sleep(pollMs);
  }
}

/** Is the process `pid` a server on `data`? PostgreSQL works in its data directory, which Linux tells. */
async function isServerOf(pid: number, data: string): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  if (process.platform !== 'linux') return true;
  const directory = await readlink(`/proc/${pid}/cwd`).catch(() => null);
  if (directory === null) return false;
  return directory === (await realpath(data));
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
