import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Batch } from '../../src/contract/batch.ts';
import type { Integration } from '../../src/contract/integration.ts';
import type { Invocation } from '../../src/contract/invocation.ts';
import type { RunSummary } from '../../src/contract/run.ts';
import { breaker } from '../../src/judging/breaker.ts';
import {
  type Asked,
  type Customers,
  overloadedSeconds,
  rightKey,
  startCustomers,
  wrongKey,
} from '../support/customers.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import type { ErrandProcess } from '../support/errand.ts';
import { queueBackends } from '../support/queues.ts';

/** A tenth of a large vendor's night. */
const integrations = 400;
const invoicesEach = 75;
const total = integrations * invoicesEach;
const run = 'nightly-2026-11-23';
const command = 'GetInvoiceImage';

/** Held by Errand until somebody mends them, or their servers are well again: by what is wrong. */
const held: Readonly<Record<string, RegExp>> = {
  'cut-off': /^protocol-error: /,
  failing: /^unexpected-status: The server answered 500/,
  forbidden: /^unexpected-status: The server answered 403/,
  hangs: /^timeout: /,
  'login-page': /^unexpected-content: /,
  'private-address': /^egress-blocked: /,
  refuses: /^connect-failed: /,
  unauthorized: /^unexpected-status: The server answered 401/,
  'wrong-certificate': /^tls-failed: /,
};
/** Of those, what more requests cannot mend: each of the first ones has failed for good. */
const failedCodes: Readonly<Record<string, string>> = {
  forbidden: 'unexpected-status',
  'login-page': 'unexpected-content',
  'private-address': 'egress-blocked',
  unauthorized: 'unexpected-status',
  'wrong-certificate': 'tls-failed',
};
/** At the morning these wait; the last has asked for it. */
const waiting = [...Object.keys(held), 'overloaded'].sort();

const backends = queueBackends();
const nightly = process.env.ERRAND_TEST_NIGHT === 'all' ? backends : backends.slice(0, 1);

describe.each(nightly)('contract §1, §3, §6, §7: a night of many customers on $name', (backend) => {
  let errand: Deployment;
  let customers: Customers;
  /** Of the batch lane. */
  let worker: ErrandProcess;
  let startedAt: number;
  let clicks: Invocation[];
  let batches: Map<string, Batch>;
  let morning: RunSummary;

  beforeAll(async () => {
    customers = await startCustomers(integrations);
    errand = await deploy(backend, { LOG_LEVEL: 'info' });
    [worker] = await Promise.all([errand.worker('batch'), errand.worker('interactive')]);
    await eachOf(customers.all, async ({ id, command: body }) => {
      await errand.client.putIntegration(id, { name: id, type: 'custom' });
      if (body.request.headers?.length === 1) await errand.client.putSecret(id, 'apiKey', wrongKey);
      await errand.client.putCommand(id, command, body);
    });
  }, 120_000);
  afterAll(async () => {
    await errand?.stop();
    await customers?.close();
  }, 60_000);

  const healthy = (id: string) => !waiting.includes(id) && id !== 'absent';
  const invoiceOf = (number: number) => `INV${String(number).padStart(7, '0')}`;
  const itemsOf = (first: number) =>
    Array.from({ length: invoicesEach }, (_, index) => ({ tokens: { InvoiceNumber: invoiceOf(first + index) } }));
  /** What was asked for by the batch, not by a click. */
  const fetchedBy = (id: string): Asked[] => customers.askedOf(id).filter(({ invoice }) => invoice.startsWith('INV'));

  /** Every second batch as one JSON body, the others line by line. */
  async function handOver(): Promise<Map<string, Batch>> {
    const accepted = new Map<string, Batch>();
    let first = 0;
    await eachOf(customers.all, async ({ id }, index) => {
      const items = itemsOf(first);
      first += invoicesEach;
      const body = { integration: id, command, run, items: index % 2 === 0 ? items : items.values() };
      accepted.set(id, await errand.client.enqueueBatch(body));
    });
    return accepted;
  }

  async function untilMorning(): Promise<RunSummary> {
    const open = ({ byIntegration }: RunSummary) =>
      byIntegration.filter(({ outcome }) => outcome === null).map(({ integration }) => integration);
    await expect
      .poll(async () => open(await errand.client.run(run)).sort(), { timeout: 240_000, interval: 1_000 })
      .toEqual(waiting);
    for (const id of Object.keys(held)) {
      await expect.poll(async () => (await errand.client.getIntegration(id)).hold, { timeout: 20_000 }).not.toBeNull();
    }
    // No probe is to change what is looked at now.
    await worker.kill('SIGTERM');
    return errand.client.run(run);
  }

  /** A person who looks at one invoice after the other, of customers whose servers are well. */
  async function clickUntil(signal: AbortSignal): Promise<Invocation[]> {
    const ended: Invocation[] = [];
    const well = customers.all.filter(({ id }) => id.startsWith('healthy'));
    while (!signal.aborted) {
      const integration = well[(ended.length * 7) % well.length]?.id ?? '';
      const tokens = { InvoiceNumber: `CLICK${ended.length}` };
      ended.push(await errand.client.enqueue({ integration, command, tokens }, { waitSeconds: 20 }));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return ended;
  }

  const waitingOf = async (id: string): Promise<Invocation[]> => {
    const batch = batches.get(id)?.id ?? '';
    const pages = await Promise.all(
      (['queued', 'retrying'] as const).map((status) => errand.client.listInvocations({ batch, status, limit: 200 })),
    );
    return pages.flatMap(({ items }) => items);
  };

  it('goes by: all of it is accepted while it begins, and the morning comes', async () => {
    startedAt = Date.now();
    const dawn = new AbortController();
    const clicking = clickUntil(dawn.signal);
    try {
      batches = await handOver();
      morning = await untilMorning();
    } finally {
      dawn.abort();
    }
    clicks = await clicking;
    expect([...batches.values()].reduce((sum, batch) => sum + batch.total, 0)).toBe(total);
  }, 300_000);

  it('gives each invocation one ending, or lets it wait', async () => {
    // Counted three times: by the ranges as endings are recorded, by the rows as they are, by the attempts that succeeded.
    const { rows } = await errand.database.pool.query<{ integration: string; rows: number } & Record<string, number>>(`
      select i.integration, count(*)::int as rows,
        count(*) filter (where i.status = 'succeeded' and i.finished_at is not null)::int as succeeded,
        count(*) filter (where i.status = 'failed' and i.error->>'code' <> 'absent')::int as failed,
        count(*) filter (where i.status = 'failed' and i.error->>'code' = 'absent')::int as absent,
        count(*) filter (where i.status = 'queued')::int as queued,
        count(*) filter (where i.status = 'retrying')::int as retrying,
        coalesce(sum(a.good), 0)::int as good
      from invocations i left join (
        select invocation, count(*) as good from attempts where outcome = 'succeeded' group by invocation
      ) a on a.invocation = i.id
      where i.batch is not null group by i.integration`);
    expect(rows.map(({ rows }) => rows)).toEqual(Array(integrations).fill(invoicesEach));
    const counted = new Map(morning.byIntegration.map((each) => [each.integration, each]));
    for (const { integration, rows: _, good, ...byRows } of rows) {
      expect(counted.get(integration), integration).toMatchObject(byRows);
      expect(good, integration).toBe(byRows.succeeded);
    }
  });

  it('fetches every invoice of every healthy customer exactly once', () => {
    const expected = new Set(Array.from({ length: total }, (_, number) => invoiceOf(number)));
    const got = customers.all
      .filter(({ id }) => healthy(id))
      .map(({ id }) => {
        const good = fetchedBy(id).filter(({ answered }) => answered === 200);
        const once = new Set(good.map(({ invoice }) => invoice));
        const keys = new Set(good.map(({ key }) => key));
        // Asked again only where the server itself had refused.
        const more = id === 'throttled' ? 0 : fetchedBy(id).length - good.length;
        for (const invoice of once) expect(expected.delete(invoice), invoice).toBe(true);
        return { id, good: good.length, once: once.size, keys: keys.size, more };
      });
    const all = { good: invoicesEach, once: invoicesEach, keys: invoicesEach, more: 0 };
    expect(got.filter((each) => Object.entries(all).some(([name, count]) => each[name as 'good'] !== count))).toEqual(
      [],
    );
    expect(expected.size).toBe((waiting.length + 1) * invoicesEach);
  });

  it('ends the batches of all healthy customers clean, the slow and the throttled one among them', () => {
    const clean = morning.byIntegration.filter(({ outcome }) => outcome === 'clean');
    expect(clean.filter(({ integration }) => healthy(integration))).toHaveLength(integrations - waiting.length - 1);
    for (const { integration, succeeded } of clean) expect(succeeded).toBe(integration === 'absent' ? 0 : invoicesEach);
  });

  it('answers every click while it goes on', () => {
    expect(clicks.length).toBeGreaterThan(20);
    for (const { id, status, attempts } of clicks) {
      expect(status, id).toBe('succeeded');
      expect(attempts, id).toHaveLength(1);
    }
  });

  it('holds what is broken, with the reason and the time of the next try, after a handful of requests', async () => {
    for (const [id, reason] of Object.entries(held)) {
      const { hold } = await errand.client.getIntegration(id);
      expect(hold, id).toMatchObject({ reason: expect.stringMatching(reason), nextProbeAt: expect.any(String) });
      const left = await waitingOf(id);
      expect(left.length, id).toBeGreaterThan(invoicesEach / 2);
      for (const each of left) expect(each.nextAttemptAt, id).not.toBeNull();
    }
    for (const id of ['unauthorized', 'forbidden', 'login-page']) {
      expect(fetchedBy(id).length, id).toBeGreaterThanOrEqual(breaker.streak);
      expect(fetchedBy(id).length, id).toBeLessThan(20);
    }
    for (const id of ['failing', 'hangs', 'cut-off']) expect(fetchedBy(id).length, id).toBeLessThan(50);
  });

  it('leaves alone for as long as it asked to the one that asks to wait', async () => {
    expect((await errand.client.getIntegration('overloaded')).hold).toBeNull();
    expect(fetchedBy('overloaded').length).toBeLessThan(breaker.windowAttempts);
    const left = await waitingOf('overloaded');
    expect(left).toHaveLength(invoicesEach);
    for (const { nextAttemptAt } of left) {
      expect(Date.parse(nextAttemptAt ?? '')).toBeGreaterThan(startedAt + overloadedSeconds * 1_000);
    }
  });

  it('is told as one, what is wrong first, by customer and by code', () => {
    expect(morning).toMatchObject({ run, batches: integrations, total, finishedAt: null });
    const endedWell = (integrations - waiting.length - 1) * invoicesEach;
    expect(morning).toMatchObject({ succeeded: endedWell, absent: invoicesEach, cancelled: 0, running: 0 });
    expect(morning.queued + morning.retrying + morning.failed).toBe(waiting.length * invoicesEach);
    expect(morning.expectedEnd, 'while some are held').toBeNull();
    const first = morning.byIntegration.slice(0, waiting.length).map(({ integration }) => integration);
    expect(first.sort()).toEqual(waiting);
    const reasons = morning.byIntegration
      .filter(({ hold }) => hold !== null)
      .map((each) => [each.integration, each.hold?.reason]);
    expect(Object.fromEntries(reasons)).toEqual(
      Object.fromEntries(Object.entries(held).map(([id, reason]) => [id, expect.stringMatching(reason)])),
    );

    const failedOf = (id: string) => morning.byIntegration.find(({ integration }) => integration === id)?.failed ?? 0;
    const byCode: Record<string, number> = { absent: invoicesEach };
    for (const [id, code] of Object.entries(failedCodes)) {
      expect(failedOf(id), id).toBeGreaterThanOrEqual(breaker.streak);
      byCode[code] = (byCode[code] ?? 0) + failedOf(id);
    }
    expect(morning.byCode).toMatchObject(byCode);
    const { 'attempts-exhausted': exhausted = 0, ...rest } = morning.byCode;
    expect(rest).toEqual(byCode);
    const retried = Object.keys(held).filter((id) => !(id in failedCodes));
    expect(exhausted).toBe(retried.reduce((sum, id) => sum + failedOf(id), 0));
  });

  it('shows as Last Sync when each was last asked with success, and how good that was', async () => {
    const shown = new Map<string, Integration>();
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await errand.client.listIntegrations({ limit: 200, ...(cursor === undefined ? {} : { cursor }) });
      for (const integration of page.items) shown.set(integration.id, integration);
      cursor = page.nextCursor;
    }
    expect(shown.size).toBe(integrations);
    for (const [id, { lastSyncAt, lastSyncQuality }] of shown) {
      expect(lastSyncQuality, id).toBe(healthy(id) ? 'complete' : null);
      expect(Date.parse(lastSyncAt ?? '') >= startedAt, id).toBe(healthy(id));
    }
  });

  it('lets the rest of a customer through when its secret is mended, and what had failed when it is redriven', async () => {
    const failed = (await errand.client.batch(batches.get('forbidden')?.id ?? '')).failed;
    const before = fetchedBy('forbidden').length;
    worker = await errand.worker('batch');
    await errand.client.putSecret('forbidden', 'apiKey', rightKey);
    const { id } = batches.get('forbidden') as Batch;
    const mended = await errand.client.waitForBatch(id, { timeoutMs: 60_000 });
    expect(mended).toMatchObject({ outcome: 'partial', failed, succeeded: invoicesEach - failed });
    expect(fetchedBy('forbidden')).toHaveLength(before + invoicesEach - failed);
    expect(await errand.client.getIntegration('forbidden')).toMatchObject({ hold: null, lastSyncQuality: 'partial' });

    const redriven = await fetch(`${errand.url}/v1/invocations/redrive`, {
      method: 'POST',
      headers: { authorization: `Bearer ${errand.adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ run, integration: 'forbidden' }),
    });
    expect(await redriven.json()).toEqual({ matched: failed, redriven: failed });
    expect(await errand.client.waitForBatch(id, { timeoutMs: 60_000 })).toMatchObject({ outcome: 'clean' });
    const good = fetchedBy('forbidden').filter(({ answered }) => answered === 200);
    expect(good.length).toBe(invoicesEach);
    expect(new Set(good.map(({ invoice }) => invoice)).size).toBe(invoicesEach);
    expect((await errand.client.getIntegration('forbidden')).lastSyncQuality).toBe('complete');
  }, 120_000);
});

/** Eight at a time. */
async function eachOf<Item>(items: readonly Item[], work: (item: Item, index: number) => Promise<void>): Promise<void> {
  const entries = items.entries();
  const some = async () => {
    for (const [index, item] of entries) await work(item, index);
  };
  await Promise.all(Array.from({ length: 8 }, some));
}
