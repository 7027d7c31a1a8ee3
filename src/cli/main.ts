import { CommanderError } from 'commander';
import { CannotStart } from '../app/cannot-start.ts';
import { ConfigError, configExitCode, processEnvironment } from '../platform/config.ts';
import { DataDirHeldError } from '../platform/hold-data-dir.ts';
import { CliFailure, exitCodes } from './failure.ts';
import { endQuietlyOnBrokenPipe, isBrokenPipe } from './output.ts';
import { createProgram } from './program.ts';
import { createVerbs } from './run.ts';

/** Ends with the exit code that a failure calls for, and its message on stderr: no stack trace for what a user can mend. */
function failed(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
  if (isBrokenPipe(error)) return 0;
  if (error instanceof CliFailure) {
    process.stderr.write(`errand: ${error.message}\n`);
    return error.exitCode;
  }
  if ([ConfigError, CannotStart, DataDirHeldError].some((kind) => error instanceof kind)) {
    process.stderr.write(`errand: ${(error as Error).message}\n`);
    return configExitCode;
  }
  process.stderr.write(`errand: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return exitCodes.failed;
}

/** The program: does what its arguments say, and sets the exit code. */
export async function main(): Promise<void> {
  endQuietlyOnBrokenPipe();
  const verbs = createVerbs(processEnvironment());
  try {
    await createProgram(verbs).parseAsync();
  } catch (error) {
    process.exitCode = failed(error);
  }
}
