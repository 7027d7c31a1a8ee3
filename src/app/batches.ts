import { uuidv7 } from 'uuidv7';
import { checkItem } from '../api/validation.ts';
import { createAccept } from '../batches/accept.ts';
import { createCancelBatch } from '../batches/cancel.ts';
import { createBatchReader } from '../batches/read.ts';
import type { ScheduleItem } from '../contract/schedule.ts';
import type { Tokens } from '../contract/tokens.ts';
import { holdOf } from '../integrations/integrations.ts';
import { isTransient } from '../platform/pg.ts';
import type { StartBatch } from '../schedules/batches.ts';
import { cancelBatch, cancelRows } from '../store/batch-endings.ts';
import { batchesOfRun, countByCode, missingOf, pageRuns } from '../store/batch-reports.ts';
import {
  appendRows,
  completeBatch,
  discardBatch,
  findBatch,
  findByKey,
  insertBatch,
  pageBatches,
  touchBatch,
} from '../store/batches.ts';
import { holdsOf } from '../store/integrations.ts';
import type { Core } from './core.ts';
import { openCallbackOf } from './notifications.ts';

export type BatchOptions = {
  maskedTokens: (row: { id: string; sealedTokens: string | null }) => Tokens;
};

/** What batches stand on. */
type BatchCore = Pick<Core, 'pool' | 'log' | 'configurations' | 'checkReceiver' | 'batchRinger' | 'sealer'> &
  Partial<Pick<Core, 'meters'>>;

function openAccept({ pool, log, configurations, checkReceiver, batchRinger, sealer, meters }: BatchCore) {
  return createAccept({
    configurations,
    checkReceiver,
    store: {
      insert: (batch) => insertBatch(pool, batch),
      append: (batch, version, rows, firstRange) => appendRows(pool, batch, version, rows, firstRange),
      touch: (batch) => touchBatch(pool, batch),
      complete: (batch, warnings, audit, key) => completeBatch(pool, batch, warnings, audit, key),
      discard: (batch) => discardBatch(pool, batch),
      findByKey: (key) => findByKey(pool, key),
    },
    ring: async (batch) => {
      await batchRinger
        .ranges(batch)
        .catch((error) => log.warn('ring.failed', { batch, error }, 'The sweep will ring'));
    },
    onAccepted: ({ schedule }, total) => {
      const source = schedule === null ? 'batch' : 'schedule';
      meters?.of('errand_invocations_accepted_total').inc({ source, lane: 'batch' }, total);
    },
    checkItem,
    sealer,
    newId: () => uuidv7(),
    now: Date.now,
  });
}

/** How a schedule's run starts its batch. */
export function openStartBatch(core: BatchCore): StartBatch {
  const accept = openAccept(core);
  async function* numbered(items: AsyncIterable<ScheduleItem> | Iterable<ScheduleItem>) {
    let number = 0;
    for await (const value of items) {
      number += 1;
      yield { value, at: `item ${number}` };
    }
  }
  return async ({ actor, items, finishBy, ...head }) => {
    const request = { ...head, ...(finishBy === undefined ? {} : { finishBy: finishBy.toISOString() }) };
    const { id } = await accept({ actor, accounts: '*' }, request, numbered(items));
    return { id, total: (await findBatch(core.pool, id))?.total ?? 0 };
  };
}

/** Batches, joined to the database and the queues. */
export function openBatches(core: BatchCore, { maskedTokens }: BatchOptions) {
  const { pool } = core;
  const find = (id: string) => findBatch(pool, id);
  return {
    accept: openAccept(core),
    cancel: createCancelBatch({
      find,
      cancel: (id, audit) => cancelBatch(pool, id, audit),
      cancelRows: (id, error) => cancelRows(pool, id, error),
      isTransient,
    }),
    ...createBatchReader({
      store: {
        find,
        page: (accounts, filter, page) => pageBatches(pool, accounts, filter, page),
        countByCode: (batches) => countByCode(pool, batches),
        missing: (batch, page) => missingOf(pool, batch, page),
        ofRun: (accounts, run) => batchesOfRun(pool, accounts, run),
        runs: (accounts, page) => pageRuns(pool, accounts, page),
        holds: async (integrations) => {
          const all = (await holdsOf(pool, integrations)).map((row) => ({ id: row.id, hold: holdOf(row) }));
          return new Map(all.flatMap(({ id, hold }) => (hold === null ? [] : [[id, hold]])));
        },
      },
      maskedTokens,
      callbackOf: openCallbackOf(pool),
      now: Date.now,
    }),
  };
}
