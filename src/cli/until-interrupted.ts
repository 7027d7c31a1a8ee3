import { CliFailure, exitCodes } from './failure.ts';

/**
 * Does what can be left alone by Ctrl-C; a second Ctrl-C ends the process at once.
 *
 * @throws CliFailure after the first Ctrl-C, with what `said` then has to say; else what the work throws
 */
export async function untilInterrupted<Value>(
  work: (signal: AbortSignal) => Promise<Value>,
  said: () => string,
): Promise<Value> {
  const stopping = new AbortController();
  const interrupt = () => stopping.abort(new CliFailure(exitCodes.interrupted, said()));
  process.once('SIGINT', interrupt);
  try {
    return await work(stopping.signal);
  } finally {
    process.off('SIGINT', interrupt);
  }
}
