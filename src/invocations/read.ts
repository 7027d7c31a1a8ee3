import type { KeyAccounts } from '../contract/api-key.ts';
import type { Failure } from '../contract/errors.ts';
import type { AttemptOutcome, Invocation, InvocationFilter, InvocationStatus, Phases } from '../contract/invocation.ts';
import { hasEnded } from '../contract/invocation.ts';
import type { Lane } from '../contract/lane.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
import { Refusal } from '../contract/problem.ts';
import type { Tokens } from '../contract/tokens.ts';
import { isUuid } from '../contract/uuid.ts';
import type { Validators } from '../judging/validators.ts';
import type { CallbackOf } from '../notifications/callbacks.ts';
import type { PastRequests } from './past-request.ts';

/** An invocation as it is kept. */
export type InvocationRow = {
  id: string;
  account: string;
  integration: string;
  command: string;
  lane: Lane;
  status: InvocationStatus;
  tokens: Tokens;
  sealedTokens: string | null;
  reference: string | null;
  idempotencyKey: string | null;
  batch: string | null;
  traceparent: string | null;
  dueAt: Date | null;
  /** When its integration's hold, or what its endpoint asked to wait, is over at the earliest; `null`: it waits for none. */
  waitsUntil: Date | null;
  error: Failure | null;
  createdAt: Date;
  finishedAt: Date | null;
  /** Whom to tell when it has ended. */
  callbackUrl: string | null;
};

/** An attempt as it is kept. */
export type AttemptRow = {
  invocation: string;
  number: number;
  /** Which `Idempotency-Key` it was sent with. */
  keyNumber: number;
  commandVersion: number | null;
  configurationVersion: number;
  startedAt: Date;
  durationMs: number;
  outcome: AttemptOutcome;
  sent: boolean;
  status: number | null;
  error: Failure | null;
  responseHeaders: { key: string; value: string }[] | null;
  responseBytes: number | null;
  bodyPreview: string | null;
  contentType: string | null;
  sha256: Buffer | null;
  resultBytes: number | null;
  unchanged: boolean | null;
  lastSyncAt: Date | null;
  validators: Validators | null;
} & Phases;

export type StoredResult = { bytes: Buffer; contentType: string | null; sha256: string; at: Date; command: string };

export type ReadDependencies = {
  store: {
    find(id: string): Promise<InvocationRow | null>;
    page(accounts: KeyAccounts, filter: InvocationFilter, page: PageQuery): Promise<Page<InvocationRow>>;
    attemptsOf(ids: readonly string[]): Promise<AttemptRow[]>;
    blob(sha256: Buffer): Promise<Buffer | null>;
  };
  pastRequests: PastRequests;
  callbackOf: CallbackOf;
};

export type FindInvocation = (id: string) => Promise<InvocationRow | null>;

/** @throws Refusal `not-found`, also for what lies outside of the accounts */
export async function requireInvocation(
  find: FindInvocation,
  accounts: KeyAccounts,
  id: string,
): Promise<InvocationRow> {
  const row = isUuid(id) ? await find(id) : null;
  if (row === null || (accounts !== '*' && !accounts.includes(row.account))) {
    throw new Refusal('not-found', `There is no invocation "${id}".`);
  }
  return row;
}

/** Reading invocations and results, for those whose accounts they are; anything else does not exist for them. */
export function createReader({ store, pastRequests, callbackOf }: ReadDependencies) {
  const find = (accounts: KeyAccounts, id: string) => requireInvocation(store.find, accounts, id);

  async function present(row: InvocationRow, attempts: readonly AttemptRow[]): Promise<Invocation> {
    const last = attempts.at(-1);
    const shown = await Promise.all(attempts.map((attempt) => presentAttempt(pastRequests, row, attempt)));
    return {
      id: row.id,
      account: row.account,
      integration: row.integration,
      command: row.command,
      lane: row.lane,
      status: row.status,
      tokens: row.sealedTokens === null ? row.tokens : { ...row.tokens, ...pastRequests.maskedTokens(row) },
      reference: row.reference,
      idempotencyKey: row.idempotencyKey,
      batch: row.batch,
      attempts: shown,
      result: row.status === 'succeeded' && last !== undefined ? resultOf(last) : null,
      error: hasEnded(row.status) ? row.error : null,
      createdAt: row.createdAt.toISOString(),
      nextAttemptAt: nextAttemptAt(row),
      finishedAt: row.finishedAt?.toISOString() ?? null,
    };
  }

  return {
    async get(accounts: KeyAccounts, id: string): Promise<Invocation> {
      const row = await find(accounts, id);
      // After its row: one that has ended must not be shown without the attempt that ended it.
      const [attempts, callback] = await Promise.all([
        store.attemptsOf([row.id]),
        callbackOf({ type: 'invocation', ...row }),
      ]);
      return { ...(await present(row, attempts)), ...(callback === null ? {} : { callback }) };
    },

    async list(accounts: KeyAccounts, filter: InvocationFilter, query: PageQuery): Promise<Page<Invocation>> {
      const { items, nextCursor } = await store.page(accounts, filter, query);
      const attempts = Map.groupBy(await store.attemptsOf(items.map(({ id }) => id)), ({ invocation }) => invocation);
      return { items: await Promise.all(items.map((row) => present(row, attempts.get(row.id) ?? []))), nextCursor };
    },

    /** The bytes of the result, as they came. */
    async result(accounts: KeyAccounts, id: string): Promise<StoredResult & { invocation: string }> {
      const row = await find(accounts, id);
      const last = (await store.attemptsOf([row.id])).at(-1);
      if (row.status !== 'succeeded' || last === undefined || last.sha256 === null) {
        const why = hasEnded(row.status) ? `it has ${row.status}` : `it is ${row.status}; ask again later`;
        throw new Refusal('not-found', `Invocation ${id} has no result: ${why}.`);
      }
      const bytes = await store.blob(last.sha256);
      if (bytes === null) {
        throw new Refusal('not-found', `The bytes of invocation ${id} are past their retention and were deleted.`);
      }
      const at = new Date(last.startedAt.getTime() + last.durationMs);
      const { command } = row;
      return { bytes, contentType: last.contentType, sha256: last.sha256.toString('hex'), at, command, invocation: id };
    },
  };
}

function nextAttemptAt({ status, dueAt, waitsUntil }: InvocationRow): string | null {
  if (hasEnded(status) || status === 'running') return null;
  // What waits in line with its batch has no time of its own, but its integration's wait holds for it, too.
  if (dueAt === null) return waitsUntil?.toISOString() ?? null;
  return (waitsUntil !== null && waitsUntil > dueAt ? waitsUntil : dueAt).toISOString();
}

function resultOf({ status, contentType, resultBytes, sha256, unchanged }: AttemptRow): Invocation['result'] {
  if (status === null || sha256 === null) return null;
  return {
    status,
    contentType,
    bytes: resultBytes ?? 0,
    sha256: sha256.toString('hex'),
    unchanged: unchanged ?? false,
  };
}

async function presentAttempt(pastRequests: PastRequests, row: InvocationRow, attempt: AttemptRow) {
  const { status, responseHeaders: headers } = attempt;
  return {
    number: attempt.number,
    commandVersion: attempt.commandVersion,
    startedAt: attempt.startedAt.toISOString(),
    durationMs: attempt.durationMs,
    outcome: attempt.outcome,
    status,
    error: attempt.error,
    phases: phasesOf(attempt),
    request: attempt.sent ? await pastRequests.render(row, attempt) : null,
    response:
      status === null
        ? null
        : { status, headers: headers ?? [], bytes: attempt.responseBytes ?? 0, bodyPreview: attempt.bodyPreview },
  };
}

/** `null` for what was not sent, and for what was sent before they were kept. */
function phasesOf({ dnsMs, connectMs, tlsMs, firstByteMs, bodyMs }: AttemptRow): Phases | null {
  const phases = { dnsMs, connectMs, tlsMs, firstByteMs, bodyMs };
  return Object.values(phases).every((ms) => ms === null) ? null : phases;
}
