import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const root = path.resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

/** A project of somebody else's that has installed the package. */
export type Consumer = {
  directory: string;
  /** Where the package lies in it. */
  package: string;
  /** The files of the package, as the tarball has them. */
  files: string[];
  tarballBytes: number;
  write(name: string, text: string): Promise<void>;
  remove(): Promise<void>;
};

/**
 * Packs for real, and installs the tarball as npm would, without a network: its dependencies, and only those, are links to
 * what is installed here.
 */
export async function installPackage(): Promise<Consumer> {
  const directory = await mkdtemp(path.join(tmpdir(), 'errand-package-'));
  await run(process.execPath, [path.join(root, 'scripts/pack.ts'), '--into', path.join(directory, 'packed')]);
  const [tarball = ''] = globSync('packed/*.tgz', { cwd: directory });
  const installed = path.join(directory, 'node_modules/errand');
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', path.join(directory, tarball), '-C', installed, '--strip-components', '1']);
  const { dependencies } = JSON.parse(await readFile(path.join(installed, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) await linkInstalled(directory, name);
  await writeFile(path.join(directory, 'package.json'), '{ "type": "module" }');
  return {
    directory,
    package: installed,
    files: globSync('**/*', { cwd: installed, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(installed, path.join(entry.parentPath, entry.name))),
    tarballBytes: (await readFile(path.join(directory, tarball))).byteLength,
    write: (name, text) => writeFile(path.join(directory, name), text),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Makes one more package of this machine's one of the project's. */
export async function linkInstalled(directory: string, name: string): Promise<void> {
  const link = path.join(directory, 'node_modules', name);
  await mkdir(path.dirname(link), { recursive: true });
  await symlink(path.join(root, 'node_modules', name), link, 'junction');
}
