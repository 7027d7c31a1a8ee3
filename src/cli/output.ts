import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { CliFailure, exitCodes } from './failure.ts';

/** Data for stdout; what is said to a person goes to stderr. Resolves when it was handed over. */
export function print(data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(data, (error) => (error ? reject(error) : resolve()));
  });
}

export function printLine(line: string): Promise<void> {
  return print(`${line}\n`);
}

export function printJson(value: unknown): Promise<void> {
  return printLine(JSON.stringify(value, null, 2));
}

/** One line for the person at the terminal. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Whoever read stdout has read enough (`errand keys list | head -1`): no failure of ours. */
export function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}

/** Without these listeners a reader that goes away would end the process with a stack trace. */
export function endQuietlyOnBrokenPipe(): void {
  process.stdout.on('error', (error) => {
    if (!isBrokenPipe(error)) throw error;
    process.exit();
  });
  process.stderr.on('error', (error) => {
    if (!isBrokenPipe(error)) throw error;
  });
}

/**
 * Can `--output` be written to? Found before anything is sent: a request that was sent for nothing cannot be taken back.
 *
 * @throws CliFailure
 */
export async function requireWritable(file: string): Promise<void> {
  const unfit = (why: string) => new CliFailure(exitCodes.usage, `--output ${file}: ${why}`);
  const there = await stat(file).catch(() => null);
  if (there?.isDirectory()) throw unfit('is a directory; name a file.');
  const written = there === null ? path.dirname(file) : file;
  try {
    await access(written, constants.W_OK);
  } catch {
    throw unfit(`${written} is not there, or may not be written to.`);
  }
}
