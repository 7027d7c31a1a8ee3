import type { Random } from './random.ts';
import type { World } from './world.ts';

/** What was accepted: the promises that are held against what came of them. */
export type Accepted = {
  /** Single invocations by their idempotency keys. */
  singles: Map<string, { id: string; invoice: string; command: string }>;
  /** Batches by their idempotency keys, and how many items they have. */
  batches: Map<string, { id: string; total: number; name: string }>;
  /** Idempotency keys that were answered with different ids. */
  twice: string[];
  /** What was not accepted, however often it was asked for. */
  refused: string[];
};

export type Load = {
  accepted: Accepted;
  /** Enqueues one more, trying until it is accepted; answers its id. */
  probe(): Promise<string>;
  /** Begins nothing new; resolves when all that was begun has been accepted. */
  stop(): Promise<void>;
};

export const integration = 'acme';
/** Read again and again without harm; and what must not be sent twice. */
export const commands = { safe: 'GetInvoiceImage', once: 'ChargeCard' } as const;
const batchSize = 100;
const patienceMs = 120_000;

export async function ask(world: World, method: string, path: string, body?: object) {
  const response = await fetch(`${world.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${world.adminKey}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(20_000),
  });
  const text = await response.text();
  return { status: response.status, answer: text === '' ? null : JSON.parse(text) };
}

export async function configure(world: World): Promise<void> {
  const { url } = world.customer;
  const must = async (path: string, body: object) => {
    const { status, answer } = await ask(world, 'PUT', path, body);
    if (status >= 300) throw new Error(`PUT ${path}: ${JSON.stringify(answer)}`);
  };
  await must(`/v1/command-types/${commands.once}`, { tokens: [{ name: 'InvoiceNumber', required: true }] });
  await must(`/v1/integrations/${integration}`, { name: 'Acme', type: 'custom', limits: { concurrency: 16 } });
  const request = { method: 'POST', url: `${url}/{{InvoiceNumber}}`, body: 'please' };
  const accept = { contentTypes: ['*/*'] };
  const retry = { attempts: 20, baseMs: 200, maxMs: 2_000 };
  const limits = { timeoutMs: 10_000, deadlineMs: 600_000 };
  await must(`/v1/integrations/${integration}/commands/${commands.safe}`, { request, accept, retry, ...limits });
  await must(`/v1/integrations/${integration}/commands/${commands.once}`, {
    request,
    accept,
    retry: { ...retry, nonIdempotent: true },
    ...limits,
  });
}

/** A billing system that never gives up: what is not answered with "accepted" is sent again, under the same key. */
export function startLoad(world: World, random: Random): Load {
  const accepted: Accepted = { singles: new Map(), batches: new Map(), twice: [], refused: [] };
  const stopping = new AbortController();
  const under = new Set<Promise<unknown>>();
  let count = 0;

  /** The id under which it was accepted. */
  async function insist(path: string, body: object): Promise<string> {
    const until = performance.now() + patienceMs;
    for (;;) {
      const sent = await ask(world, 'POST', path, body).catch((error: unknown) => ({ status: 0, answer: error }));
      if (sent.status === 202 || sent.status === 200) return sent.answer.id;
      const passing = sent.status === 0 || sent.status >= 500;
      if (!passing || performance.now() > until)
        throw new Error(`POST ${path}: ${sent.status} ${JSON.stringify(sent.answer)}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  async function single(command: string, lane: 'interactive' | 'batch'): Promise<string> {
    count += 1;
    const invoice = `S${count}`;
    const key = `key-${invoice}`;
    const body = { integration, command, tokens: { InvoiceNumber: invoice }, lane, idempotencyKey: key };
    const id = await insist('/v1/invocations', body);
    accepted.singles.set(key, { id, invoice, command });
    return id;
  }

  async function batch(): Promise<void> {
    count += 1;
    const name = `B${count}`;
    const items = Array.from({ length: batchSize }, (_, index) => ({ tokens: { InvoiceNumber: `${name}-${index}` } }));
    const id = await insist('/v1/batches', { integration, command: commands.safe, idempotencyKey: name, items });
    accepted.batches.set(name, { id, total: batchSize, name });
  }

  /** What was accepted once is sent again now and then, as a producer does that missed the answer. */
  async function again(): Promise<void> {
    const known = [...accepted.singles];
    if (known.length === 0) return;
    const [key, { id, invoice, command }] = random.pick(known);
    const body = { integration, command, tokens: { InvoiceNumber: invoice }, idempotencyKey: key };
    const second = await insist('/v1/invocations', body);
    if (second !== id) accepted.twice.push(`${key}: ${id} and ${second}`);
  }

  const every = (periodMs: number, work: () => Promise<unknown>) => {
    const timer = setInterval(() => {
      // A system that waits for so many answers does not ask for more.
      if (under.size > 60) return;
      const done = work()
        .catch((error: unknown) => accepted.refused.push(String(error)))
        .finally(() => under.delete(done));
      under.add(done);
    }, periodMs);
    stopping.signal.addEventListener('abort', () => clearInterval(timer));
  };
  every(200, () => single(commands.safe, 'batch'));
  every(300, () => single(commands.safe, 'interactive'));
  every(400, () => single(commands.once, 'batch'));
  every(6_000, batch);
  every(1_000, again);
  return {
    accepted,
    probe: () => single(commands.safe, 'batch'),
    async stop() {
      stopping.abort();
      while (under.size > 0) await Promise.all(under);
    },
  };
}
