import { ApiError, ApiUnreachable, type HttpClient } from '../client/http.ts';
import type { Batch } from '../contract/batch.ts';
import type { Environment } from '../platform/config.ts';
import { usageProblem, withClient } from './api-client.ts';
import { previewItems, shownText } from './batch-preview.ts';
import { counted, createBatchProgress, progressOf } from './batch-progress.ts';
import { notSucceeded, summaryOf } from './batch-summary.ts';
import { type FailedFile, openFailedFile } from './failed-items.ts';
import { CliFailure, exitCodes } from './failure.ts';
import { checkItems, type ItemsFile, itemAt } from './items.ts';
import { jsonLines, openItems } from './items-file.ts';
import { print, printJson, printLine, tell } from './output.ts';
import { untilInterrupted } from './until-interrupted.ts';

export type BatchCall = { integration: string; command: string; items: string };
export type BatchOptions = {
  run?: string;
  callbackUrl?: string;
  finishBy?: string;
  failed?: string;
  dryRun: boolean;
  detach: boolean;
  json: boolean;
};

/** `errand batch`: checks a file of items, hands them over as a batch, follows it to its end, and says what became of it. */
export async function runBatch(env: Environment, call: BatchCall, options: BatchOptions): Promise<void> {
  const items = openItems(call.items);
  await withClient(env, async (client) => {
    const total = await requireGood(items);
    if (options.dryRun) return preview(client, call, items, options);
    const failed = options.failed === undefined ? null : await openFailedFile(options.failed, items);
    try {
      const accepted = await enqueue(client, { ...call, total }, items, options);
      if (options.detach) await printDetached(accepted, options);
      else await follow(client, accepted, failed, options);
    } finally {
      await failed?.close();
    }
  });
}

/** @throws CliFailure with what is wrong with which line; nothing was sent then */
async function requireGood(items: ItemsFile): Promise<number> {
  const { total, bad, badCount } = await checkItems(items);
  if (badCount === 0 && total > 0) return total;
  if (badCount === 0) throw new CliFailure(exitCodes.usage, `${items.path} has no items.`);
  const lines = bad.map(({ line, message }) => `\n  line ${line}: ${message}`);
  const more = badCount > bad.length ? `\n  and ${counted(badCount - bad.length)} more` : '';
  throw new CliFailure(exitCodes.usage, `${items.path} is not right; nothing was sent.${lines.join('')}${more}`);
}

async function preview(client: HttpClient, call: BatchCall, items: ItemsFile, { json }: BatchOptions): Promise<void> {
  const shown = await previewItems(client, call, items).catch((error) => refuse(client, call, items, error));
  if (json) await printJson(shown);
  else await print(shown.map(shownText).join('\n'));
  const wrong = shown.filter(({ error }) => error !== null).length;
  if (wrong === 0)
    tell(`Dry run: ${shown.length === 1 ? 'the item' : `${shown.length} items`} rendered, nothing sent.`);
  else throw new CliFailure(exitCodes.failed, `${wrong} of the first ${shown.length} items cannot be rendered.`);
}

async function enqueue(
  client: HttpClient,
  call: BatchCall & { total: number },
  items: ItemsFile,
  { run, callbackUrl, finishBy }: BatchOptions,
): Promise<Batch> {
  const { integration, command, total } = call;
  const progress = createBatchProgress();
  let sent = 0;
  const onSent = (count: number) => {
    sent = count;
    // Not for each of a million lines.
    if (count % 1000 === 0) progress.show({ doing: 'sending', done: count, total, notes: [] });
  };
  const head = { integration, command, ...(run === undefined ? {} : { run }) };
  const body = {
    ...head,
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
    ...(finishBy === undefined ? {} : { finishBy }),
    items: jsonLines(items, onSent),
  };
  try {
    return await untilInterrupted(
      (signal) => client.enqueueBatch(body, { signal }),
      () => `stopped while sending. ${whatBecomesOfIt(sent, total)}`,
    );
  } catch (error) {
    if (error instanceof ApiUnreachable) {
      throw new CliFailure(exitCodes.failed, `${error.message} ${whatBecomesOfIt(sent, total)}`);
    }
    return await refuse(client, call, items, error);
  } finally {
    progress.clear();
  }
}

function whatBecomesOfIt(sent: number, total: number): string {
  if (sent < total) return 'A batch that has not arrived whole is thrown away; nothing of it is done.';
  return 'All items had been sent: the batch may have been accepted. See GET /v1/batches before you send it again.';
}

/** The API counts the lines that it was sent; the user's file has others. */
async function refuse(client: HttpClient, call: BatchCall, items: ItemsFile, error: unknown): Promise<never> {
  if (!(error instanceof ApiError)) throw error;
  const problem = await usageProblem(client, error, call);
  if (problem === null) throw error;
  const [, number] =
    error.errors.map(({ path }) => /^line (\d+)(?:\.|$)/.exec(path)).find((found) => found !== null) ?? [];
  const at = number === undefined ? null : await itemAt(items, Number(number));
  if (at === null) throw new CliFailure(exitCodes.usage, problem);
  const reasons = error.errors.map(({ path, message }) => `\n  ${path.replace(/^line \d+\.?/, '')}: ${message}`);
  throw new CliFailure(
    exitCodes.usage,
    `${items.path}, line ${at.line} does not fit the command; nothing of the batch is done.${reasons.join('')}`,
  );
}

async function printDetached(accepted: Batch, { json }: BatchOptions): Promise<void> {
  tellWarnings(accepted);
  if (json) await printJson(accepted);
  else await printLine(accepted.id);
}

function tellWarnings({ warnings }: Batch): void {
  for (const warning of warnings) tell(`Warning: ${warning}`);
}

async function follow(
  client: HttpClient,
  accepted: Batch,
  failed: FailedFile | null,
  { json, failed: failedPath }: BatchOptions,
): Promise<void> {
  const { id, total } = accepted;
  tell(`Batch ${id}: ${counted(total)} ${total === 1 ? 'item' : 'items'} accepted`);
  tellWarnings(accepted);
  const ended = await watch(client, accepted);
  const report = await client.batchReport(id, { limit: 200 });
  if (json) await printJson({ ...ended, byCode: report.byCode });
  else await printLine(summaryOf(ended, report));
  const written = failed === null ? 0 : await failed.write(client, id);
  if (written > 0) tell(`${failedPath}: ${counted(written)} to try again, as they stood in the file`);
  const missing = notSucceeded(ended);
  if (missing === 0) return;
  throw new CliFailure(exitCodes.failed, `${counted(missing)} of ${counted(total)} items did not succeed.`);
}

async function watch(client: HttpClient, { id }: Batch): Promise<Batch> {
  const progress = createBatchProgress();
  try {
    return await untilInterrupted(
      (signal) => client.waitForBatch(id, { signal, onProgress: (batch) => progress.show(progressOf(batch)) }),
      () => `stopped watching; batch ${id} goes on. GET /v1/batches/${id} has its progress, POST …/cancel ends it.`,
    );
  } catch (error) {
    if (!(error instanceof ApiUnreachable)) throw error;
    throw new CliFailure(exitCodes.failed, `${error.message} Batch ${id} was accepted and goes on by itself.`);
  } finally {
    progress.clear();
  }
}
