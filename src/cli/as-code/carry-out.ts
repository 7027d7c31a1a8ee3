import { isDeepStrictEqual } from 'node:util';
import { ApiError, ApiUnreachable, type HttpClient } from '../../client/http.ts';
import { CliFailure, exitCodes } from '../failure.ts';
import { tell } from '../output.ts';
import { untilInterrupted } from '../until-interrupted.ts';
import { named } from './shown.ts';
import type { Step } from './step.ts';

/**
 * Does what is planned, one request after another, and says each that is done.
 *
 * @throws CliFailure with what was applied and what was not: by an error, a change that somebody else made meanwhile, Ctrl-C
 */
export async function carryOut(
  client: HttpClient,
  steps: readonly Step[],
  placeOf: (path: string) => string,
): Promise<void> {
  let done = 0;
  await untilInterrupted(
    async (signal) => {
      for (const step of steps) {
        signal.throwIfAborted();
        await carryOutOne(client, step, placeOf, () => sumOf(steps, done));
        done += 1;
        tell(`done: ${named(step)}`);
      }
    },
    () => `stopped. ${sumOf(steps, done)}`,
  );
}

const changedMeanwhile = 'somebody else changed it since the plan was made; that was not overwritten.';

/** An integration that can neither be seen nor made: its id is one of another account. */
const takenElsewhere =
  'its id is taken, in an account that the API key is not for; choose another id, or use a key for that account.';

async function carryOutOne(client: HttpClient, step: Step, placeOf: (path: string) => string, sum: () => string) {
  const at = placeOf(step.path);
  const failed = (message: string) =>
    new CliFailure(exitCodes.failed, `could not ${named(step)} (${at}): ${message}\n${sum()}`);
  try {
    if (!isDeepStrictEqual(await step.look(client), step.seen)) {
      throw failed(changedMeanwhile);
    }
    await step.send(client);
  } catch (error) {
    if (error instanceof ApiUnreachable) throw failed(`${error.message} It may have been applied all the same.`);
    if (!(error instanceof ApiError)) throw error;
    const fields = error.errors.map(
      ({ path, message }) => `\n  ${placeOf(`${step.path}.${path}`)} ${path}: ${message}`,
    );
    if (step.action === 'create' && step.kind === 'integration' && error.status === 404) throw failed(takenElsewhere);
    const meanwhile = error.type === 'changed-meanwhile' ? `${changedMeanwhile} ` : '';
    throw failed(meanwhile + error.problem.detail + fields.join(''));
  }
}

function sumOf(steps: readonly Step[], done: number): string {
  const rest = steps.slice(done);
  const missing = rest.map((step) => `\n  ${named(step)}`).join('');
  const applied = `${done} of ${steps.length} changes were applied.`;
  return rest.length === 0 ? applied : `${applied} Not applied; run it again to go on:${missing}`;
}
