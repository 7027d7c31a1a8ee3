import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { CliFailure, exitCodes } from '../failure.ts';

export type SourceFile = { path: string; text: string };

/**
 * The YAML that was named: files, every `*.yaml` and `*.yml` below directories (but those whose names begin with a dot), and
 * for `-` stdin.
 *
 * @throws CliFailure with all that cannot be read
 */
export async function readFiles(given: readonly string[]): Promise<SourceFile[]> {
  const trouble: string[] = [];
  const attempt = async <Value>(name: string, work: () => Promise<Value>): Promise<Value | null> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      const isText = error.code !== 'ERR_ENCODING_INVALID_ENCODED_DATA';
      trouble.push(isText ? error.message : `${name}: is not UTF-8`);
      return null;
    }
  };
  const found = await Promise.all(given.map((name) => attempt(name, () => filesAt(name))));
  const names = [...new Set(found.flatMap((files) => files ?? []))];
  const files: SourceFile[] = [];
  for (const name of names) {
    const text = await attempt(name, async () => decoded(name === '-' ? await stdin() : await readFile(name)));
    if (text !== null) files.push({ path: name === '-' ? 'stdin' : name, text });
  }
  if (trouble.length > 0) throw new CliFailure(exitCodes.usage, trouble.join('\n  '));
  if (files.length === 0) throw new CliFailure(exitCodes.usage, `no *.yaml or *.yml in ${given.join(', ')}.`);
  return files;
}

async function filesAt(name: string): Promise<string[]> {
  if (name === '-' || !(await stat(name)).isDirectory()) return [name];
  const entries = await readdir(name, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory() && /\.ya?ml$/i.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !/(?:^|[\\/])\.[^.\\/]/.test(path.relative(name, file)))
    .sort();
}

const stdin = () => buffer(process.stdin);
const decoded = (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: true }).decode(bytes);
