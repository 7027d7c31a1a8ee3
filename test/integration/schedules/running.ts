import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import { uuidv7 } from 'uuidv7';
import { openScheduler, type Scheduler } from '../../../src/app/scheduler.ts';
import { system } from '../../../src/audit/entry.ts';
import type { BatchOutcome } from '../../../src/contract/batch.ts';
import type { CommandBody } from '../../../src/contract/command.ts';
import type { ScheduleBody } from '../../../src/contract/schedule.ts';
import { createConfigurations } from '../../../src/integrations/configurations.ts';
import { createSealer } from '../../../src/integrations/sealing.ts';
import { createIntegrations } from '../../../src/integrations/use-cases.ts';
import { createEnqueue } from '../../../src/invocations/enqueue.ts';
import { silentLog } from '../../../src/platform/log.ts';
import { createRedactor } from '../../../src/platform/redaction.ts';
import type { BatchStart, StartBatch } from '../../../src/schedules/batches.ts';
import { createSchedules } from '../../../src/schedules/use-cases.ts';
import { loadConfiguration } from '../../../src/store/configuration.ts';
import { createIntegrationStore } from '../../../src/store/configuring.ts';
import { decodeCursor, encodeCursor } from '../../../src/store/cursor.ts';
import { recordSettled } from '../../../src/store/endings.ts';
import { claimInvocations } from '../../../src/store/invocations.ts';
import { insertInvocations } from '../../../src/store/new-invocations.ts';
import { createScheduleStore } from '../../../src/store/schedules.ts';
import { beat } from '../../../src/store/workers.ts';
import { settled } from '../../support/invocations.ts';

export type StartedBatch = Omit<BatchStart, 'items'> & { id: string; items: unknown[] };

export const listInvoices: CommandBody = {
  request: { method: 'GET', url: 'https://example.com/invoices?since={{errand.since}}' },
};
export const source = {
  command: 'ListInvoices',
  itemsPointer: '/invoices',
  map: { InvoiceNumber: '/number' },
  next: { pointer: '/next' },
};

/** Schedules over a real database, with batches and the endpoint's answers in the test's hand. */
export function buildSchedules(pool: Pool) {
  const sealer = createSealer([{ id: 'k1', key: randomBytes(32) }]);
  const cursors = { encode: encodeCursor, decode: decodeCursor };
  const common = { sealer, createRedactor, cursors, newId: () => uuidv7(), now: Date.now };
  const load = (id: string) => loadConfiguration(pool, id);
  const schedules = createSchedules({ ...common, store: createScheduleStore(pool), loadIntegration: load });
  const integrations = createIntegrations({
    ...common,
    store: createIntegrationStore(pool),
    checkEgress: async () => ({ allowed: true, reason: null }),
    onResumed: async () => undefined,
    send: async () => ({ kind: 'answer', status: 200, headers: [], body: Buffer.from(''), framed: true }),
    audit: async () => undefined,
    userAgent: 'errand/test',
  });
  const configurations = createConfigurations({ load, sealer, createRedactor, maxAgeMs: 0 });
  const enqueue = createEnqueue({
    configurations,
    checkReceiver: async () => undefined,
    insert: async (invocation) => {
      const [enqueued] = await insertInvocations(pool, [invocation]);
      if (enqueued === undefined) throw new Error('nothing was inserted');
      return enqueued;
    },
    ring: async () => undefined,
    hold: async () => undefined,
    dueIn: () => undefined,
    sealer,
    newId: () => uuidv7(),
    now: Date.now,
  });
  const batches: StartedBatch[] = [];
  const startBatch = acceptBatches(pool, batches);
  const rows = async (text: string, values: unknown[] = []) => (await pool.query(text, values)).rows;

  return {
    schedules,
    integrations,
    configurations,
    enqueue,
    batches,
    rows,
    /** A batch lane's worker, as far as schedules go. */
    async worker(start: StartBatch = startBatch): Promise<Scheduler & { id: string; settle(): Promise<void> }> {
      const id = uuidv7();
      await beat(pool, { id, lane: 'batch', host: 'here', pid: 1 });
      const scheduler = openScheduler({ pool, configurations, enqueue, log: silentLog }, id, start);
      return {
        id,
        ...scheduler,
        /** Passes until there is nothing to be done but wait. */
        async settle() {
          for (let busy = true; busy; ) {
            busy = await scheduler.pass();
            await scheduler.idle();
          }
        },
      };
    },
    put: (body: ScheduleBody, name = 'nightly') => schedules.put('*', system, 'acme', name, body),
    get: (name = 'nightly') => schedules.get('*', 'acme', name),
    makeDue: () => pool.query(`update schedules set next_run_at = now() - interval '1 second'`),
    endBatch: (id: string, outcome: BatchOutcome | null) =>
      pool.query(`update batches set status = $2, outcome = $3, finished_at = now() where id = $1`, [
        id,
        outcome === null ? 'cancelled' : 'finished',
        outcome,
      ]),
    /** The open invocations of pages, oldest first. */
    openPages: () => rows(`select id, tokens, reference from invocations where status = 'queued' order by id`),
    /** Answers the only open page. */
    async answer(body: unknown, code?: 'absent') {
      const [{ id }] = await rows(`select id from invocations where status = 'queued'`);
      const worker = uuidv7();
      const [claimed] = await claimInvocations(pool, worker, [id]);
      if (claimed === undefined) throw new Error('the page is not there');
      const error = { code: 'absent', message: 'No such list.', side: 'request' } as const;
      const next = code === undefined ? ({ status: 'succeeded' } as const) : ({ status: 'failed', error } as const);
      const bytes = JSON.stringify(body);
      const record = settled(claimed, next, bytes);
      const blob = { sha256: record.attempt.result?.sha256 ?? Buffer.from(''), bytes: Buffer.from(bytes) };
      await recordSettled(pool, worker, [record], code === undefined ? [blob] : []);
      return id as string;
    },
    audit: (action: string) => rows('select details, actor_id from audit_log where action = $1 order by id', [action]),
    async configure() {
      await integrations.put('*', system, 'acme', { name: 'Acme', type: 'custom' });
      await integrations.commandTypes.put('*', system, 'ListInvoices', { tokens: [{ name: 'Kind' }] });
      await integrations.commands.put('*', system, 'acme', 'ListInvoices', listInvoices);
      await integrations.commands.put('*', system, 'acme', 'GetInvoiceImage', {
        request: { method: 'GET', url: 'https://example.com/invoices/{{InvoiceNumber}}' },
      });
    },
    async clear() {
      batches.length = 0;
      await pool.query(`truncate schedules, schedule_runs, schedule_pages, batches, invocations, attempts, audit_log,
        latest_results, idempotency_keys, workers`);
    },
  };
}

function acceptBatches(pool: Pool, started: StartedBatch[]): StartBatch {
  return async ({ items, ...start }) => {
    const read = [];
    for await (const item of items) read.push(item);
    const known = started.find((each) => each.idempotencyKey === start.idempotencyKey);
    if (known !== undefined) return { id: known.id, total: known.items.length };
    const id = uuidv7();
    await pool.query(
      `insert into batches (id, account, integration, command, run, schedule, status, created_by)
       values ($1, 'default', $2, $3, $4, $5, 'queued', $6)`,
      [id, start.integration, start.command, start.run, start.schedule, JSON.stringify(start.actor)],
    );
    started.push({ id, ...start, items: read });
    return { id, total: read.length };
  };
}
