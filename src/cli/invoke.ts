import { writeFile } from 'node:fs/promises';
import { ApiError, createHttpClient, type HttpClient } from '../client/http.ts';
import { hasEnded, type Invocation } from '../contract/invocation.ts';
import type { Lane } from '../contract/lane.ts';
import { CliFailure, exitCodes } from './failure.ts';
import { createProgressLine } from './progress-line.ts';

export type InvokeOptions = { output?: string; lane: Lane };

/** How long one request waits for the end, and how often it is looked up after that. */
const waitSeconds = 20;
const pollMs = 1_000;

/** `errand invoke`: enqueues, waits with a progress line, writes the result's bytes. */
export async function invoke(
  connection: { url: string; apiKey: string },
  integration: string,
  command: string,
  tokens: Record<string, string>,
  options: InvokeOptions,
): Promise<void> {
  const client = createHttpClient(connection);
  const progress = createProgressLine();
  try {
    progress.show(`${integration} ${command}: sending`);
    const accepted = await accept(client, { integration, command, tokens, lane: options.lane });
    const ended = await waitForEnd(client, accepted, (invocation) => progress.show(describe(invocation)));
    progress.clear();
    if (ended.status !== 'succeeded') throw new CliFailure(exitCodes.failed, reasonOf(ended));
    await writeResult(client, ended, options.output);
  } finally {
    progress.clear();
  }
}

async function accept(client: HttpClient, body: Parameters<HttpClient['enqueue']>[0]): Promise<Invocation> {
  try {
    return await client.enqueue(body, { waitSeconds });
  } catch (error) {
    // What was asked for does not exist or does not fit: the user's to mend, as with any bad usage.
    if (error instanceof ApiError && [400, 404, 422].includes(error.problem.status)) {
      throw new CliFailure(exitCodes.usage, error.message);
    }
    throw error;
  }
}

async function waitForEnd(client: HttpClient, accepted: Invocation, show: (invocation: Invocation) => void) {
  let invocation = accepted;
  while (!hasEnded(invocation.status)) {
    show(invocation);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    invocation = await client.getInvocation(accepted.id);
  }
  return invocation;
}

function describe({ id, status, attempts, nextAttemptAt }: Invocation): string {
  const tries = attempts.length === 0 ? '' : `, ${attempts.length} attempt${attempts.length === 1 ? '' : 's'} so far`;
  const next = status === 'retrying' && nextAttemptAt !== null ? `, next at ${nextAttemptAt}` : '';
  return `${id}: ${status}${tries}${next}`;
}

function reasonOf({ id, status, error }: Invocation): string {
  if (error === null) return `Invocation ${id} was ${status}.`;
  return `Invocation ${id} ${status}: ${error.code} (${error.side}). ${error.message}`;
}

async function writeResult(client: HttpClient, invocation: Invocation, output: string | undefined): Promise<void> {
  const { bytes, contentType } = await client.result(invocation.id);
  if (output !== undefined) {
    await writeFile(output, bytes);
    process.stderr.write(`${output}: ${bytes.byteLength} bytes, ${contentType ?? 'no content type'}\n`);
    return;
  }
  if (process.stdout.isTTY && !/^(?:text\/|application\/(?:.*\+)?(?:json|xml))/.test(contentType ?? '')) {
    const message = `The result is ${contentType ?? 'binary'} (${bytes.byteLength} bytes), not for a terminal: use --output FILE.`;
    throw new CliFailure(exitCodes.usage, message);
  }
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
