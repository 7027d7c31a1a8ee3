import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** As whom the server runs where this process may not run it itself. */
export type ServerUser = { name: string; uid: number; gid: number };

/**
 * PostgreSQL refuses to run as root. Root's server runs as `postgres`, which is made if the machine has none, or else as
 * `nobody`. Anybody else's runs as they are: `null`.
 */
export async function serverUser(): Promise<ServerUser | null> {
  if (process.getuid?.() !== 0) return null;
  const existing = await lookUp('postgres');
  if (existing !== null) return existing;
  // Without useradd (as in small images) or where /etc is read-only, there is still nobody.
  await run('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']).catch(() => undefined);
  const user = (await lookUp('postgres')) ?? (await lookUp('nobody'));
  if (user !== null) return user;
  throw new Error(
    'PostgreSQL does not run as root, and this machine has neither a user "postgres" nor "nobody", nor could one be made. Run Errand as an ordinary user, or set DATABASE_URL.',
  );
}

/** /etc/passwd first: `getent` is not everywhere. */
async function lookUp(name: string): Promise<ServerUser | null> {
  const local = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const line =
    local.split('\n').find((each) => each.startsWith(`${name}:`)) ??
    (await run('getent', ['passwd', name]).then(
      ({ stdout }) => stdout,
      () => '',
    ));
  const [, , uid, gid] = line.trim().split(':');
  return uid === undefined || gid === undefined ? null : { name, uid: Number(uid), gid: Number(gid) };
}

/** May `user` enter the directory and all above it? `null`, who is this process, is believed to. */
export async function canReach(directory: string, user: ServerUser | null): Promise<boolean> {
  if (user === null) return true;
  const target = path.resolve(directory);
  const { root } = path.parse(target);
  const names = target.slice(root.length).split(path.sep);
  for (let depth = 0; depth <= names.length; depth += 1) {
    const { mode, uid, gid } = await stat(path.join(root, ...names.slice(0, depth)));
    const enter = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & enter) === 0) return false;
  }
  return true;
}
