import { createHash } from 'node:crypto';
import type { AuditRecord } from '../audit/entry.ts';
import type { BatchHead, BatchItem } from '../contract/batch.ts';
import { type FieldError, Refusal } from '../contract/problem.ts';
import type { Configurations } from '../integrations/configuration.ts';
import type { Principal } from '../invocations/enqueue.ts';
import { prepareTokens, requireCommand, type TokenSealer, type UsableCommand } from '../invocations/prepare.ts';
import type { CheckReceiver } from '../notifications/receiver.ts';
import { type NewBatch, type NewBatchRow, rangeSize } from './batch.ts';
import { timeWarnings } from './warnings.ts';

/** What came for one item, and where it stands in what was sent: `items.3`, `line 4`. */
export type GivenItem = { value: unknown; at: string };

export type BatchRequest = BatchHead & { schedule?: string; idempotencyKey?: string | undefined };

type BatchKey = { integration: string; command: string; key: string };
type KeyedBatch = { id: string; fingerprint: Buffer | null };

export type AcceptDependencies = {
  configurations: Configurations;
  checkReceiver: CheckReceiver;
  store: {
    insert(batch: NewBatch): Promise<void>;
    /** It is still being received, only slowly. */
    touch(batch: string): Promise<void>;
    /** Rejects with `Refusal` `conflict` if it was given up. */
    append(batch: string, version: number, rows: readonly NewBatchRow[], firstRange: number): Promise<void>;
    /** `false` if it was given up; the one that was completed under the same key meanwhile, if there is one. */
    complete(
      batch: string,
      warnings: readonly string[],
      audit: AuditRecord,
      key: BatchKey | null,
    ): Promise<boolean | KeyedBatch>;
    discard(batch: string): Promise<void>;
    findByKey(key: BatchKey): Promise<KeyedBatch | null>;
  };
  /** Rings for the batch's first ranges; never rejects. */
  ring: (batch: string) => Promise<void>;
  /** Told of what was accepted. Never throws. */
  onAccepted?: (batch: NewBatch, total: number) => void;
  checkItem: (value: unknown) => { ok: true; item: BatchItem } | { ok: false; errors: readonly FieldError[] };
  sealer: TokenSealer;
  newId: () => string;
  now: () => number;
};

/** Rows of one statement; a multiple of the range size. */
const chunkRows = 10 * rangeSize;
/** An item at a time may be long in filling a statement: so often the batch is said to be alive. */
const touchMs = 10_000;
/** Bytes of one statement's tokens. */
const chunkBytes = 4 * 1024 * 1024;

/**
 * Takes a batch in, item by item, in constant memory: each is checked and kept while the next ones arrive. One that is not
 * right refuses the whole batch, and nothing of it is kept.
 *
 * @throws Refusal `not-found`, `conflict`, `invalid` (with the place of the item at fault)
 */
export function createAccept(dependencies: AcceptDependencies) {
  const { store, configurations, newId } = dependencies;
  return async (
    principal: Principal,
    request: BatchRequest,
    items: AsyncIterable<GivenItem> | Iterable<GivenItem>,
  ): Promise<{ id: string; created: boolean }> => {
    // One query for a whole batch: what it is checked against is what is configured now.
    configurations.forget(request.integration);
    const configuration = await configurations.get(request.integration);
    const usable = requireCommand(configuration, principal.accounts, request);
    checkFinishBy(request, dependencies.now());
    await dependencies.checkReceiver(request.callbackUrl, 'callbackUrl');
    const keyed = await reuse(dependencies, request, items);
    if (keyed?.id !== undefined) return { id: keyed.id, created: false };
    const batch = newBatch(request, usable, principal, { id: newId(), fingerprint: keyed?.fingerprint ?? null });
    await store.insert(batch);
    let total: number;
    try {
      total = await receive(dependencies, usable, batch.id, keyed?.items ?? items);
    } catch (error) {
      await store.discard(batch.id);
      throw error;
    }
    const warnings = timeWarnings(usable.configuration.limits, request.finishBy, total, dependencies.now());
    const key = keyOf(request);
    const completed = await store.complete(batch.id, warnings, accepted(batch, total, warnings), key);
    if (completed === false) {
      throw new Refusal('conflict', 'The batch was given up because its items came too slowly; send it again.');
    }
    if (completed !== true) {
      await store.discard(batch.id);
      return { id: sameOrRefused(completed, batch.fingerprint), created: false };
    }
    dependencies.onAccepted?.(batch, total);
    await dependencies.ring(batch.id);
    return { id: batch.id, created: true };
  };
}

function checkFinishBy({ finishBy }: BatchRequest, now: number): void {
  if (finishBy === undefined || Date.parse(finishBy) > now) return;
  throw new Refusal('invalid', 'The batch could not be finished in time.', [
    { path: 'finishBy', message: 'must lie in the future' },
  ]);
}

function newBatch(
  request: BatchRequest,
  { configuration, command }: UsableCommand,
  { actor }: Principal,
  { id, fingerprint }: { id: string; fingerprint: Buffer | null },
): NewBatch {
  return {
    id,
    account: configuration.account,
    integration: configuration.integration,
    command: command.name,
    run: request.run ?? null,
    schedule: request.schedule ?? null,
    finishBy: request.finishBy === undefined ? null : new Date(request.finishBy),
    idempotencyKey: request.idempotencyKey ?? null,
    fingerprint,
    callbackUrl: request.callbackUrl ?? null,
    createdBy: actor,
  };
}

type Keyed = { id?: string; fingerprint: Buffer | null; items: AsyncIterable<GivenItem> | Iterable<GivenItem> };

/** The batch that was accepted under the request's key, or the items with what identifies them; `null` without a key. */
async function reuse(
  { store }: AcceptDependencies,
  request: BatchRequest,
  given: AsyncIterable<GivenItem> | Iterable<GivenItem>,
): Promise<Keyed | null> {
  const key = keyOf(request);
  if (key === null) return null;
  if (request.schedule !== undefined) {
    // The key of a schedule's run is Errand's own: it stands for the same items, which need not be gathered to compare them.
    const before = await store.findByKey(key);
    return { ...(before === null ? {} : { id: before.id }), fingerprint: null, items: given };
  }
  const items: GivenItem[] = [];
  for await (const item of given) items.push(item);
  const fingerprint = createHash('sha256')
    .update(JSON.stringify(items.map(({ value }) => value)))
    .digest();
  const before = await store.findByKey(key);
  return before === null ? { fingerprint, items } : { id: sameOrRefused(before, fingerprint), fingerprint, items };
}

function keyOf({ integration, command, idempotencyKey }: BatchRequest): BatchKey | null {
  return idempotencyKey === undefined ? null : { integration, command, key: idempotencyKey };
}

/** The batch under the key, if it has the same items; those of a schedule's run (`null`) are the same by their key. */
function sameOrRefused(before: KeyedBatch, fingerprint: Buffer | null): string {
  if (fingerprint === null || before.fingerprint?.equals(fingerprint) === true) return before.id;
  throw new Refusal(
    'conflict',
    `The idempotency key was used within the last 24 hours with other items, for batch ${before.id}. Use a new key, or the same items.`,
  );
}

/** Checks and keeps the items; one statement is under way while the next chunk is checked. */
async function receive(
  dependencies: AcceptDependencies,
  usable: UsableCommand,
  batch: string,
  items: AsyncIterable<GivenItem> | Iterable<GivenItem>,
): Promise<number> {
  const { store } = dependencies;
  const { version } = usable.configuration;
  let chunk: NewBatchRow[] = [];
  let bytes = 0;
  let total = 0;
  let ranges = 0;
  let writing: Promise<void> = Promise.resolve();
  let touchedAt = dependencies.now();
  const write = async () => {
    const rows = chunk;
    chunk = [];
    bytes = 0;
    await writing;
    writing = store.append(batch, version, rows, ranges);
    ranges += Math.ceil(rows.length / rangeSize);
    // Looked at when the next one is written, or at the end.
    writing.catch(() => undefined);
  };
  try {
    for await (const item of items) {
      chunk.push(prepare(dependencies, usable, item));
      total += 1;
      if (dependencies.now() - touchedAt > touchMs) {
        touchedAt = dependencies.now();
        await store.touch(batch);
      }
      bytes += JSON.stringify(item.value).length;
      // A range is a hundred items, so that its first item's number follows from its own; large items fill one anyway.
      if (chunk.length >= chunkRows || (bytes >= chunkBytes && chunk.length % rangeSize === 0)) await write();
    }
    if (chunk.length > 0) await write();
  } finally {
    await writing;
  }
  if (total > 0) return total;
  throw new Refusal('invalid', 'A batch has at least one item.', [{ path: 'items', message: 'must not be empty' }]);
}

function prepare(dependencies: AcceptDependencies, usable: UsableCommand, { value, at }: GivenItem): NewBatchRow {
  const refuse = (errors: readonly FieldError[]) =>
    new Refusal(
      'invalid',
      `${at} does not fit the command; nothing of the batch was kept.`,
      errors.map(({ path, message }) => ({ path: path === '' ? at : `${at}.${path}`, message })),
    );
  const checked = dependencies.checkItem(value);
  if (!checked.ok) throw refuse(checked.errors);
  const { tokens, reference } = checked.item;
  const id = dependencies.newId();
  try {
    return { ...prepareTokens(dependencies.sealer, usable, id, tokens), id, reference: reference ?? null };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw refuse(error.errors);
  }
}

function accepted(batch: NewBatch, total: number, warnings: readonly string[]): AuditRecord {
  const { id, account, integration, command, run, schedule, finishBy, createdBy } = batch;
  return {
    account,
    actor: createdBy,
    action: 'batch.accepted',
    subject: { type: 'batch', id },
    details: { integration, command, run, schedule, total, finishBy: finishBy?.toISOString() ?? null, warnings },
  };
}
