import type { KeyAccounts } from '../contract/api-key.ts';
import type { Batch, BatchFilter } from '../contract/batch.ts';
import type { BatchReport, MissingItem } from '../contract/batch-report.ts';
import type { Hold } from '../contract/integration.ts';
import type { InvocationStatus } from '../contract/invocation.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
import { Refusal } from '../contract/problem.ts';
import type { RunSummary } from '../contract/run.ts';
import type { Tokens } from '../contract/tokens.ts';
import { isUuid } from '../contract/uuid.ts';
import type { CallbackOf } from '../notifications/callbacks.ts';
import type { BatchRow } from './batch.ts';
import { summaryOf } from './summary.ts';

/** An invocation of a batch that ended without a result, as it is kept. */
export type MissingRow = {
  id: string;
  item: number;
  reference: string | null;
  integration: string;
  command: string;
  tokens: Tokens;
  sealedTokens: string | null;
  status: InvocationStatus;
  code: string | null;
  message: string | null;
};

export type RunPage = { runs: string[]; nextCursor: string | null };

export type BatchReadDependencies = {
  store: {
    find(id: string): Promise<BatchRow | null>;
    page(accounts: KeyAccounts, filter: BatchFilter, page: PageQuery): Promise<Page<BatchRow>>;
    countByCode(batches: readonly string[]): Promise<Record<string, number>>;
    missing(batch: string, page: PageQuery): Promise<{ rows: MissingRow[]; nextCursor: string | null }>;
    ofRun(accounts: KeyAccounts, run: string): Promise<BatchRow[]>;
    runs(accounts: KeyAccounts, page: PageQuery): Promise<RunPage>;
    /** Of these integrations, those whose work waits. */
    holds(integrations: readonly string[]): Promise<ReadonlyMap<string, Hold>>;
  };
  /** The sensitive token values of a row, masked. */
  maskedTokens: (row: Pick<MissingRow, 'id' | 'sealedTokens'>) => Tokens;
  callbackOf: CallbackOf;
  now: () => number;
};

/** @throws Refusal `not-found`, also for what lies outside of the accounts */
export async function requireBatch(
  find: (id: string) => Promise<BatchRow | null>,
  accounts: KeyAccounts,
  id: string,
): Promise<BatchRow> {
  const row = isUuid(id) ? await find(id) : null;
  if (row === null || (accounts !== '*' && !accounts.includes(row.account))) {
    throw new Refusal('not-found', `There is no batch "${id}".`);
  }
  return row;
}

function presentBatch(row: BatchRow): Batch {
  const { finishBy, createdAt, startedAt, finishedAt, callbackUrl: _, ...rest } = row;
  return {
    ...rest,
    finishBy: finishBy?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
    startedAt: startedAt?.toISOString() ?? null,
    finishedAt: finishedAt?.toISOString() ?? null,
  };
}

/** Reading batches, what they brought, and whole runs of them, for those whose accounts they are. */
export function createBatchReader({ store, maskedTokens, callbackOf, now }: BatchReadDependencies) {
  const present = ({ id, item, reference, tokens, sealedTokens, status, code, message }: MissingRow): MissingItem => ({
    id,
    item,
    reference,
    tokens: sealedTokens === null ? tokens : { ...tokens, ...maskedTokens({ id, sealedTokens }) },
    status,
    code: code as MissingItem['code'],
    message,
  });

  return {
    async get(accounts: KeyAccounts, id: string): Promise<Batch> {
      const row = await requireBatch(store.find, accounts, id);
      const callback = await callbackOf({ type: 'batch', ...row });
      return { ...presentBatch(row), ...(callback === null ? {} : { callback }) };
    },

    async list(accounts: KeyAccounts, filter: BatchFilter, page: PageQuery): Promise<Page<Batch>> {
      const { items, nextCursor } = await store.page(accounts, filter, page);
      return { items: items.map(presentBatch), nextCursor };
    },

    /** What it was to bring, what it brought, and a page of what it did not. */
    async report(accounts: KeyAccounts, id: string, page: PageQuery): Promise<BatchReport> {
      const batch = await requireBatch(store.find, accounts, id);
      const [byCode, missing] = await Promise.all([store.countByCode([id]), store.missing(id, page)]);
      return {
        batch: id,
        expected: batch.total,
        succeeded: batch.succeeded,
        unchanged: batch.unchanged,
        absent: batch.absent,
        failed: batch.failed,
        cancelled: batch.cancelled,
        byCode,
        missing: missing.rows.map(present),
        nextCursor: missing.nextCursor,
      };
    },

    /** @throws Refusal `not-found`, also where all of its batches lie outside of the accounts */
    async run(accounts: KeyAccounts, run: string): Promise<RunSummary> {
      const batches = await store.ofRun(accounts, run);
      if (batches.length === 0) throw new Refusal('not-found', `There is no run "${run}".`);
      const open = batches.filter(({ finishedAt }) => finishedAt === null).map(({ integration }) => integration);
      const [byCode, holds] = await Promise.all([
        store.countByCode(batches.map(({ id }) => id)),
        store.holds([...new Set(open)]),
      ]);
      return summaryOf(run, batches, { byCode, holds, now: now() });
    },

    async runs(accounts: KeyAccounts, page: PageQuery): Promise<Page<RunSummary>> {
      const { runs, nextCursor } = await store.runs(accounts, page);
      const items: RunSummary[] = [];
      // One after the other: a page of them side by side would take all of the API's connections.
      for (const run of runs) items.push(await this.run(accounts, run));
      return { items, nextCursor };
    },
  };
}
