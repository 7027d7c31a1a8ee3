import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, open, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Binaries } from './embedded-binaries.ts';
import { canReach, type ServerUser } from './embedded-user.ts';
import { createOnce } from './once-file.ts';

const run = promisify(execFile);

export const superuser = 'errand';

/** Nothing of this process's environment reaches the server: `PGDATA`, `LANG` or `TZ` would change it. */
export const serverEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' };

/** Where the cluster is: `home` holds `data` (PGDATA), the server's log and perhaps a copy of the binaries. */
export type Cluster = { home: string; data: string; password: string };

/** Where root's clusters go when the server's user may not enter what is above the data directory (a clone in /root). */
const reachableHome = '/var/lib/errand';

/** Names, in the data directory, of the file that remembers a cluster elsewhere, and of the superuser's password. */
const locationFile = 'postgres-location';
const passwordFile = 'postgres-password';

/** Finds the cluster's place, or settles on one. */
export async function locateCluster(dataDir: string, user: ServerUser | null): Promise<Cluster> {
  const home = (await rememberedHome(dataDir)) ?? (await chooseHome(dataDir, user));
  await mkdir(home, { recursive: true, mode: 0o700 });
  if (user !== null) {
    await chown(home, user.uid, user.gid);
    if (!(await canReach(home, user))) {
      throw new Error(
        `PostgreSQL runs as the user "${user.name}", who may not enter ${home}: see the permissions of the directories above it.`,
      );
    }
  }
  const password = await createOnce(path.join(dataDir, passwordFile), () => randomBytes(24).toString('base64url'));
  return { home, data: path.join(home, 'data'), password };
}

/** The cluster of a data directory in which a server has been started before; `null` if there is none. */
export async function existingCluster(dataDir: string): Promise<Cluster | null> {
  const home = (await rememberedHome(dataDir)) ?? path.join(dataDir, 'postgres');
  const password = await readFile(path.join(dataDir, passwordFile), 'utf8').catch(() => '');
  return password === '' ? null : { home, data: path.join(home, 'data'), password: password.trim() };
}

async function rememberedHome(dataDir: string): Promise<string | null> {
  const remembered = await readFile(path.join(dataDir, locationFile), 'utf8').catch(() => '');
  return remembered.trim() === '' ? null : remembered.trim();
}

async function chooseHome(dataDir: string, user: ServerUser | null): Promise<string> {
  const inside = path.join(dataDir, 'postgres');
  if (user === null) return inside;
  // Entering is all that the server's user is allowed; what else lies there has modes of its own (0600).
  const { mode } = await stat(dataDir);
  if ((mode & 0o011) !== 0o011) await chmod(dataDir, (mode & 0o7777) | 0o011);
  if (await canReach(dataDir, user)) return inside;
  const hash = createHash('sha256')
    .update(await realpath(dataDir))
    .digest('hex')
    .slice(0, 8);
  // A part by chance: who removes the data directory to begin anew must not find the old cluster, with another password.
  const elsewhere = path.join(reachableHome, `${hash}-${randomBytes(4).toString('hex')}`);
  await mkdir(reachableHome, { recursive: true, mode: 0o755 });
  return createOnce(path.join(dataDir, locationFile), () => elsewhere);
}

/**
 * Makes the cluster unless it is there. Made beside its place and renamed into it, so that a cluster is whole or absent:
 * what an interrupted run left is removed.
 *
 * @throws Error if the cluster is another major version's.
 */
export async function initialise(
  cluster: Cluster,
  options: { binaries: Binaries; user: ServerUser | null; major: string; durable: boolean },
): Promise<'made' | 'found'> {
  const { home, data } = cluster;
  const found = await readFile(path.join(data, 'PG_VERSION'), 'utf8').catch(() => null);
  if (found !== null) {
    checkMajor(data, found.trim(), options.major);
    return 'found';
  }
  await refuseUnknown(data);
  for (const name of await readdir(home)) {
    if (name.startsWith('unfinished-')) await rm(path.join(home, name), { recursive: true, force: true });
  }
  const unfinished = path.join(home, `unfinished-${randomBytes(6).toString('hex')}`);
  await runInitdb(unfinished, cluster.password, options);
  await rename(unfinished, data);
  if (options.durable) await syncDirectory(home);
  return 'made';
}

/** Makes the rename outlive a power cut, as what is committed in the cluster will. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  await handle.sync();
  await handle.close();
}

function checkMajor(data: string, found: string, major: string): void {
  if (found === major) return;
  throw new Error(
    `The data in ${data} was made by PostgreSQL ${found}, and this Errand brings PostgreSQL ${major}. Dump it with pg_dump of a PostgreSQL ${found}, move ${data} away, start Errand and restore the dump; or set DATABASE_URL to a PostgreSQL ${found} on that data.`,
  );
}

/** Something without a PG_VERSION is in the place of the data: not ours to remove. */
async function refuseUnknown(data: string): Promise<void> {
  const names = await readdir(data).catch(() => []);
  if (names.length > 0)
    throw new Error(`${data} is not empty and not a PostgreSQL cluster. Move it away, then start again.`);
  await rm(data, { recursive: true, force: true });
}

async function runInitdb(
  directory: string,
  password: string,
  { binaries, user, major, durable }: { binaries: Binaries; user: ServerUser | null; major: string; durable: boolean },
): Promise<void> {
  const file = `${directory}.password`;
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  if (user !== null) await chown(file, user.uid, user.gid);
  const args = [
    `--pgdata=${directory}`,
    `--username=${superuser}`,
    '--auth=scram-sha-256',
    `--pwfile=${file}`,
    '--encoding=UTF8',
    '--locale=C',
    // PostgreSQL's own provider, since 17: sorts the same on every machine, and needs no locale of the system's.
    ...(Number(major) >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : []),
    ...(durable ? [] : ['--no-sync']),
  ];
  const as = user === null ? {} : { uid: user.uid, gid: user.gid };
  try {
    await run(binaries.initdb, args, { ...as, cwd: path.dirname(directory), env: serverEnvironment });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new Error(`PostgreSQL's initdb failed in ${path.dirname(directory)}: ${said}`, { cause: error });
  } finally {
    await rm(file, { force: true });
  }
}
