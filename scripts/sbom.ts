import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const root = path.resolve(import.meta.dirname, '..');
const read = (name: string) => JSON.parse(readFileSync(path.join(root, name), 'utf8'));

/** As the lock file says it. `devOptional`: something else may use it, too, if it is there. */
type Locked = { dev?: boolean; devOptional?: boolean };

/**
 * What is published, as CycloneDX, from manifest and lock file alone. npm is given both without what only the repository needs, its
 * own optional dependencies among it: Node.js, and the PostgreSQL 14 of the tests. By itself, `npm sbom --omit dev` leaves out what such a
 * package needs as well as Errand, undici for one.
 */
function listParts(): string {
  const { devDependencies, optionalDependencies, ...manifest } = read('package.json');
  const lock = read('package-lock.json');
  const isPart = ([at, { dev, devOptional }]: [string, Locked]) => {
    const name = at.replace('node_modules/', '');
    return !dev && !(devOptional && name in devDependencies) && !(name in optionalDependencies);
  };
  const packages = { ...Object.fromEntries(Object.entries<Locked>(lock.packages).filter(isPart)), '': manifest };
  const temporary = mkdtempSync(path.join(tmpdir(), 'errand-sbom-'));
  try {
    // npm calls the whole by the name of its folder.
    const folder = path.join(temporary, manifest.name);
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
    writeFileSync(path.join(folder, 'package-lock.json'), JSON.stringify({ ...lock, packages }));
    const how = ['--package-lock-only', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'];
    return execFileSync('npm', ['sbom', ...how], { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

const { values } = parseArgs({ options: { output: { type: 'string', default: path.join(root, 'errand.cdx.json') } } });
writeFileSync(values.output, listParts());
