import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../ports.ts';
import { findProgram } from './programs.ts';

/** A PgBouncer in transaction mode of a test's own, in front of one database. */
export type OwnPgBouncer = { url: string; kill(): Promise<void>; restart(): Promise<void>; stop(): Promise<void> };

export const noPgBouncer = 'no pgbouncer on the path, and ERRAND_TEST_PGBOUNCER is not set';

export function pgBouncerProgram(): string | null {
  const named = process.env.ERRAND_TEST_PGBOUNCER;
  return named !== undefined && named !== '' ? named : findProgram(['pgbouncer']);
}

/** For the run's last lines. */
export function pgBouncerVersion(): string {
  const said = execFileSync(pgBouncerProgram() ?? '', ['--version'], { encoding: 'utf8' });
  return said.split('\n', 1)[0] ?? '';
}

export const ownPgBouncer = { available: pgBouncerProgram() !== null, start: startOwnPgBouncer };

/** @param sessions few for many clients, so that they do meet in them */
async function startOwnPgBouncer(databaseUrl: string, { sessions = 4 } = {}): Promise<OwnPgBouncer> {
  const program = pgBouncerProgram();
  if (program === null) throw new Error(`PgBouncer cannot be started: ${noPgBouncer}`);
  const directory = await mkdtemp(path.join(tmpdir(), `errand-test-${process.pid}-`));
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  const ownPort = await freePort();
  const name = pathname.slice(1);
  const login = password === '' ? '' : ` password=${decodeURIComponent(password)}`;
  const settings = [
    '[databases]',
    `${name} = host=${hostname} port=${port || 5432} user=${decodeURIComponent(username)}${login}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${ownPort}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    `default_pool_size = ${sessions}`,
    'max_client_conn = 500',
  ];
  const file = path.join(directory, 'pgbouncer.ini');
  await writeFile(file, `${settings.join('\n')}\n`);
  let server = await run(program, file);
  const kill = () => end(server);
  return {
    url: `postgres://${username}@127.0.0.1:${ownPort}/${name}`,
    kill,
    async restart() {
      await kill();
      server = await run(program, file);
    },
    async stop() {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function run(program: string, file: string): Promise<ChildProcess> {
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const server = spawn(program, [...user, file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const atExit = () => void server.kill('SIGKILL');
  process.once('exit', atExit);
  server.once('exit', () => process.off('exit', atExit));
  let said = '';
  await new Promise<void>((resolve, reject) => {
    server.stderr?.on('data', (data: Buffer) => {
      said += data.toString();
      if (said.includes('process up')) resolve();
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(said.trim().split('\n').slice(-3).join(' | '))));
  });
  return server;
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode === null && server.signalCode === null && server.kill('SIGKILL')) await once(server, 'exit');
}
