import { createHash } from 'node:crypto';
import type { AuditRecord } from '../audit/entry.ts';
import type { Failure } from '../contract/errors.ts';
import type { InvocationStatus } from '../contract/invocation.ts';
import { Refusal } from '../contract/problem.ts';
import type { ScheduleItem, ScheduleSource } from '../contract/schedule.ts';
import type { Configurations } from '../integrations/configuration.ts';
import type { Enqueue } from '../invocations/enqueue.ts';
import type { StartBatch } from './batches.ts';
import { listerProblem } from './check.ts';
import { readPage, type SourcePage } from './page.ts';
import { type EndedRun, type OpenRun, sinceOf } from './schedule.ts';

/** What came of the invocation that asked for a page; no bytes: they are past their retention. */
export type PageAnswer = { status: InvocationStatus; error: Failure | null; bytes: Uint8Array | null };

export type CollectDependencies = {
  configurations: Pick<Configurations, 'get'>;
  enqueue: Enqueue;
  startBatch: StartBatch;
  pageAnswer: (invocation: string) => Promise<PageAnswer | null>;
  store: {
    /** The invocations of the run's pages, in order. */
    pages(run: string): Promise<{ invocation: string; next: Buffer }[]>;
    /** Notes that a page is asked for, and lets go of the run; nothing if it is not this process's any more. */
    addPage(run: OpenRun, page: { number: number; invocation: string; next: Buffer }): Promise<void>;
    begun(run: OpenRun, batch: string): Promise<void>;
    end(run: OpenRun, ended: EndedRun, audit: AuditRecord | null): Promise<void>;
  };
};

/** More pages than this are a mistake: at a hundred items each, a hundred thousand of them changed in a day. */
export const maxPages = 1_000;

type Items = Iterator<ScheduleItem> | AsyncIterator<ScheduleItem>;

/** A run cannot go on; the message is for the person who can mend it. */
class CannotRun extends Error {}

/**
 * The next step of a run that is being collected: asks for a page, or, when the last one is there, starts the batch. Each
 * page is an ordinary invocation of the source's command in the batch lane, so it is limited, retried and shown like any
 * other. Each step can be repeated after a crash: pages and the batch carry keys of the run's own.
 */
export function createCollect(dependencies: CollectDependencies): (run: OpenRun, signal: AbortSignal) => Promise<void> {
  const { store } = dependencies;
  return async (run, signal) => {
    try {
      await step(dependencies, run, signal);
    } catch (error) {
      const reason = reasonOf(error);
      if (reason === null) throw error;
      await store.end(run, { outcome: 'failed', reason }, failedEntry(run, reason));
    }
  };
}

async function step(dependencies: CollectDependencies, run: OpenRun, signal: AbortSignal): Promise<void> {
  const { source, items } = run;
  if (source === null) return start(dependencies, run, (items ?? [])[Symbol.iterator](), signal);
  if (run.pageInvocation === null) return ask(dependencies, run, source, '');
  const { next } = await pageOf(dependencies, source, run.page, run.pageInvocation);
  if (next !== null) return ask(dependencies, run, source, next);
  return start(dependencies, run, collected(dependencies, run, source), signal);
}

async function ask(
  { configurations, enqueue, store }: CollectDependencies,
  run: OpenRun,
  source: ScheduleSource,
  next: string,
): Promise<void> {
  const number = run.page + 1;
  const { integration, actor } = run;
  // It may have been changed since the schedule was saved.
  const command = (await configurations.get(integration))?.commands.get(source.command);
  const problem = command === undefined ? null : listerProblem(command);
  if (problem !== null) throw new CannotRun(`${problem} (source.command).`);
  if (number > maxPages) throw new CannotRun(`Page ${run.page} named a next one; a source has at most ${maxPages}.`);
  const hash = createHash('sha256').update(next).digest();
  const before = (await store.pages(run.id)).findIndex((page) => page.next.equals(hash));
  if (before !== -1) {
    throw new CannotRun(
      `Page ${run.page} named the same next page as page ${before} did: the list would never end (source.next).`,
    );
  }
  const { id } = await enqueue(
    { actor, accounts: '*' },
    {
      integration,
      command: source.command,
      tokens: source.tokens ?? {},
      lane: 'batch',
      reference: `${run.schedule} page ${number}`,
      idempotencyKey: `schedule-run:${run.id}:${number}`,
      source: { since: sinceOf(source, run.completeRunAt), next: source.next === undefined ? null : next },
    },
  );
  await store.addPage(run, { number, invocation: id, next: hash });
}

async function pageOf(
  { pageAnswer }: CollectDependencies,
  source: ScheduleSource,
  number: number,
  invocation: string,
): Promise<SourcePage> {
  const answer = await pageAnswer(invocation);
  const what = `Page ${number} of ${source.command} (invocation ${invocation})`;
  if (answer?.status !== 'succeeded') {
    const why = answer?.error ? `${answer.error.code}: ${answer.error.message}` : 'it has no result.';
    throw new CannotRun(`${what} ${answer?.status === 'cancelled' ? 'was cancelled' : 'failed'}. ${why}`);
  }
  if (answer.bytes === null) throw new CannotRun(`${what}: its bytes are past their retention and were deleted.`);
  const reading = readPage(answer.bytes, source, number);
  if (!reading.ok) throw new CannotRun(`${reading.message} Invocation ${invocation} has the answer.`);
  return reading.page;
}

/** All items of all pages, one page in memory at a time. */
async function* collected(
  dependencies: CollectDependencies,
  run: OpenRun,
  source: ScheduleSource,
): AsyncGenerator<ScheduleItem, void> {
  for (const [index, { invocation }] of (await dependencies.store.pages(run.id)).entries()) {
    yield* (await pageOf(dependencies, source, index + 1, invocation)).items;
  }
}

async function start(
  { startBatch, store }: CollectDependencies,
  run: OpenRun,
  items: Items,
  signal: AbortSignal,
): Promise<void> {
  const first = await items.next();
  if (first.done === true) return store.end(run, { outcome: 'clean', reason: null }, null);
  const { actor, integration, command, label, schedule, finishBy } = run;
  if (finishBy !== null && run.late) {
    throw new CannotRun(`The items came later than ${finishBy.toISOString()}, by which it was to be finished.`);
  }
  const { id } = await startBatch({
    actor,
    integration,
    command,
    run: label,
    schedule,
    ...(finishBy === null ? {} : { finishBy }),
    idempotencyKey: `schedule-run:${run.id}`,
    items: withFirst(first.value, items, signal),
  });
  await store.begun(run, id);
}

async function* withFirst(first: ScheduleItem, rest: Items, signal: AbortSignal) {
  yield first;
  for (let each = await rest.next(); each.done !== true; each = await rest.next()) {
    // A batch may take minutes to be accepted; whoever takes the run over starts it anew, under the same key.
    if (signal.aborted) throw new Refusal('unavailable', 'The worker stops.');
    yield each.value;
  }
}

/** Why a run ends here; `null` for what may be over when it is tried again. */
function reasonOf(error: unknown): string | null {
  if (error instanceof CannotRun) return error.message;
  if (!(error instanceof Refusal) || error.kind === 'unavailable') return null;
  return [error.message, ...error.errors.map(({ path, message }) => `${path}: ${message}.`)].join(' ');
}

function failedEntry(run: OpenRun, reason: string): AuditRecord {
  return {
    account: run.account,
    actor: run.actor,
    action: 'schedule.failed',
    subject: { type: 'schedule', id: `${run.integration}/${run.schedule}` },
    details: { run: run.id, label: run.label, reason },
  };
}

/** For what nobody foresaw: the log has it. */
export function failUnforeseen(store: Pick<CollectDependencies['store'], 'end'>, run: OpenRun): Promise<void> {
  const reason = 'Errand failed over it; its log has the details.';
  return store.end(run, { outcome: 'failed', reason }, failedEntry(run, reason));
}
