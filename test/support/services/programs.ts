import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** The first of these programs that is on the path; `null`: none is. */
export function findProgram(names: readonly string[]): string | null {
  const directories = (process.env.PATH ?? '').split(path.delimiter);
  const files = names.flatMap((name) => directories.map((directory) => path.join(directory, name)));
  return files.find(isProgram) ?? null;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
