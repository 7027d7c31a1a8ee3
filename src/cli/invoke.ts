import { writeFile } from 'node:fs/promises';
import { ApiError, type HttpClient } from '../client/http.ts';
import { hasEnded, type Invocation } from '../contract/invocation.ts';
import type { Lane } from '../contract/lane.ts';
import type { Environment } from '../platform/config.ts';
import { usageProblem, withClient } from './api-client.ts';
import { CliFailure, exitCodes } from './failure.ts';
import { print, printJson, requireWritable, tell } from './output.ts';
import { createProgressLine } from './progress-line.ts';

export type InvokeCall = { integration: string; command: string; tokens: Record<string, string> };
export type InvokeOptions = { output?: string; lane: Lane; callbackUrl?: string; json: boolean };

/** How long each request waits for the end: a person at a terminal wants to see that something goes on. */
const roundSeconds = { terminal: 2, script: 30 };

/** `errand invoke`: enqueues, waits with a progress line, writes the result's bytes, or with `--json` the invocation. */
export async function runInvoke(env: Environment, call: InvokeCall, options: InvokeOptions): Promise<void> {
  if (options.output !== undefined) await requireWritable(options.output);
  await withClient(env, (client) => invoke(client, call, options));
}

async function invoke(client: HttpClient, call: InvokeCall, options: InvokeOptions): Promise<void> {
  const progress = createProgressLine();
  const seconds = process.stderr.isTTY ? roundSeconds.terminal : roundSeconds.script;
  let ended: Invocation;
  try {
    progress.show(`${call.integration} ${call.command}: sending`);
    const { lane, callbackUrl } = options;
    const body = { ...call, lane, ...(callbackUrl === undefined ? {} : { callbackUrl }) };
    const accepted = await accept(client, body, seconds);
    const onProgress = (invocation: Invocation) => progress.show(describe(invocation));
    ended = hasEnded(accepted.status)
      ? accepted
      : await client.wait(accepted.id, { roundSeconds: seconds, onProgress });
  } finally {
    progress.clear();
  }
  if (options.json) await printJson(ended);
  if (ended.status !== 'succeeded') throw new CliFailure(exitCodes.failed, reasonOf(ended));
  if (options.output !== undefined) await save(client, ended, options.output);
  else if (!options.json) await show(client, ended);
}

async function accept(
  client: HttpClient,
  body: InvokeCall & { lane: Lane; callbackUrl?: string },
  waitSeconds: number,
): Promise<Invocation> {
  try {
    return await client.enqueue(body, { waitSeconds });
  } catch (error) {
    const problem = error instanceof ApiError ? await usageProblem(client, error, body) : null;
    if (problem !== null) throw new CliFailure(exitCodes.usage, problem);
    throw error;
  }
}

function describe({ id, status, attempts, nextAttemptAt }: Invocation): string {
  const tries = attempts.length === 0 ? '' : `, ${attempts.length} attempt${attempts.length === 1 ? '' : 's'} so far`;
  const next = status === 'retrying' && nextAttemptAt !== null ? `, next at ${nextAttemptAt}` : '';
  return `${id}: ${status}${tries}${next}`;
}

function reasonOf({ id, status, error }: Invocation): string {
  if (error === null) return `invocation ${id} was ${status}.`;
  return `invocation ${id} ${status}: ${error.code} (${error.side}). ${error.message}`;
}

async function save(client: HttpClient, { id }: Invocation, file: string): Promise<void> {
  const { bytes, contentType } = await client.result(id);
  try {
    await writeFile(file, bytes);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    const message = `invocation ${id} succeeded, but its result cannot be written: ${error.message}`;
    throw new CliFailure(exitCodes.failed, message);
  }
  tell(`${file}: ${bytes.byteLength} bytes, ${contentType ?? 'no content type'}`);
}

async function show(client: HttpClient, { id }: Invocation): Promise<void> {
  const { bytes, contentType } = await client.result(id);
  if (process.stdout.isTTY && !/^(?:text\/|application\/(?:.*\+)?(?:json|xml))/.test(contentType ?? '')) {
    const message = `the result is ${contentType ?? 'binary'} (${bytes.byteLength} bytes), not for a terminal: use --output FILE.`;
    throw new CliFailure(exitCodes.usage, message);
  }
  await print(bytes);
}
