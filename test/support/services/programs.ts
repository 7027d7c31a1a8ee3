import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** The first of these programs that is on the path; `null`: none is. */
export function findProgram(names: readonly string[]): string | null {
  return findPrograms(names)[0] ?? null;
}

/** All of these programs that are on the path, the first name's first. */
export function findPrograms(names: readonly string[]): string[] {
  const directories = (process.env.PATH ?? '').split(path.delimiter);
  const files = names.flatMap((name) => directories.map((directory) => path.join(directory, name)));
  return files.filter(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
