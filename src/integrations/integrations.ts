import { isDeepStrictEqual } from 'node:util';
import type { AuditRecord } from '../audit/entry.ts';
import type { KeyAccounts } from '../contract/api-key.ts';
import type { Actor } from '../contract/audit.ts';
import type { Auth, Tls } from '../contract/authentication.ts';
import type { Hold, Integration, IntegrationBody, IntegrationPatch, Limits } from '../contract/integration.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
import { Refusal } from '../contract/problem.ts';
import type { AssembleDependencies } from './assemble.ts';
import { createDetails, type Details } from './audit-details.ts';
import { checkAuthentication } from './authentication/check.ts';
import { liveCommands, refuseBreaking, refuseTakenNames } from './clashes.ts';
import { namesOfKind } from './names-of-kind.ts';
import { accountFor, noIntegration, reaches, requireIntegration } from './scope.ts';
import type {
  Change,
  IntegrationListFilter,
  IntegrationStore,
  NewValue,
  StoredConfiguration,
  StoredIntegration,
} from './stored.ts';

/** What an integration is to look like. */
type Desired = {
  account: string;
  name: string;
  variables: Readonly<Record<string, string>>;
  limits: Limits;
  shownSecret: string | null;
  auth: Auth | null;
  tls: Tls | null;
};

/** An integration's own life: made, listed, changed, deleted. Every change is one configuration version. */
export function createIntegrationUses({ store, ...dependencies }: AssembleDependencies & { store: IntegrationStore }) {
  const detailsOf = createDetails(dependencies);
  return {
    async list(scope: KeyAccounts, filter: IntegrationListFilter, query: PageQuery): Promise<Page<Integration>> {
      const { items, nextCursor } = await store.page(scope, filter, query);
      return { items: items.map(({ integration, variables }) => present(integration, variables)), nextCursor };
    },

    /** @throws Refusal `not-found` */
    async get(scope: KeyAccounts, id: string): Promise<Integration> {
      return presentStored(requireIntegration(scope, id, await store.load(id)));
    },

    /**
     * Creates, or replaces name, variables, limits, authentication and which secret is shown; secrets and commands stay. Without `account` an existing one keeps
     * its own, and a new one gets `default`, or the only account that the key is for. Changing nothing makes no version.
     *
     * @throws Refusal `forbidden` (the account is not the key's), `conflict` (another account; a name that is a secret or
     * a token; a variable that a command needs is missing), `invalid` (auth or tls name what is not there), `not-found` (it is there, but outside the key's accounts).
     */
    async put(scope: KeyAccounts, actor: Actor, id: string, body: IntegrationBody): Promise<Integration> {
      const account = body.account ?? accountFor(scope);
      const decide = (now: StoredConfiguration | null) => {
        if (now === null) throw noIntegration(id);
        checkAccount(scope, now.integration, body.account, account);
        const desired = {
          account: now.integration.deletedAt === null ? now.integration.account : account,
          name: body.name,
          variables: body.variables ?? {},
          limits: body.limits ?? {},
          shownSecret: body.shownSecret ?? null,
          auth: body.auth ?? null,
          tls: body.tls ?? null,
        };
        return replace(now, desired, actor, detailsOf);
      };
      const create = { account, name: body.name };
      return presentStored(requireIntegration('*', id, await store.change(id, decide, { create })));
    },

    /**
     * Changes what is given; a variable set to `null` is removed, `shownSecret` as `null` shows none.
     *
     * @throws Refusal `not-found`, `conflict` as in `put`.
     */
    async patch(scope: KeyAccounts, actor: Actor, id: string, patch: IntegrationPatch): Promise<Integration> {
      const decide = (now: StoredConfiguration | null) => {
        const current = requireIntegration(scope, id, now);
        const variables = new Map(Object.entries(variablesOf(current)));
        for (const [name, value] of Object.entries(patch.variables ?? {})) {
          if (value === null) variables.delete(name);
          else variables.set(name, value);
        }
        const desired = {
          account: current.integration.account,
          name: patch.name ?? current.integration.name,
          variables: Object.fromEntries(variables),
          limits: patch.limits ?? current.integration.limits,
          shownSecret: patch.shownSecret === undefined ? current.integration.shownSecret : patch.shownSecret,
          auth: patch.auth === undefined ? authOf(current) : patch.auth,
          tls: patch.tls === undefined ? tlsOf(current) : patch.tls,
        };
        return replace(current, desired, actor, detailsOf);
      };
      return presentStored(requireIntegration(scope, id, await store.change(id, decide)));
    },

    /**
     * Deletes it with its values and commands. What it did stays in the records; its id can be used again in the same
     * account.
     *
     * @throws Refusal `not-found`
     */
    async remove(scope: KeyAccounts, actor: Actor, id: string): Promise<void> {
      await store.change(id, (now) => {
        const current = requireIntegration(scope, id, now);
        const commands = liveCommands(current).map(({ name }) => name);
        const before = { ...shown(current), secrets: namesOfKind(current.values, 'secret'), commands };
        return {
          deleted: true,
          endValues: current.values.map(({ name }) => name),
          removeCommands: commands,
          audit: [entry(current.integration.account, actor, 'integration.deleted', id, detailsOf(current, { before }))],
        };
      });
    },
  };
}

function checkAccount(scope: KeyAccounts, now: StoredIntegration, asked: string | undefined, account: string): void {
  const exists = now.deletedAt === null;
  if ((exists || now.configurationVersion > 0) && !reaches(scope, now.account)) throw noIntegration(now.id);
  const effective = exists ? (asked ?? now.account) : account;
  if (!reaches(scope, effective)) {
    const message = 'must be one of the accounts that the API key is for';
    throw new Refusal('forbidden', `This key is not for the account "${effective}".`, [{ path: 'account', message }]);
  }
  if (effective === now.account || now.configurationVersion === 0) return;
  const message = exists
    ? `cannot be changed; it is "${now.account}"`
    : `must be "${now.account}": a deleted integration of that account had this id, and its records stay there`;
  throw new Refusal('conflict', `The id "${now.id}" belongs to another account.`, [{ path: 'account', message }]);
}

/** The change from how it is to how it is to be; `null` if that is the same. */
function replace(now: StoredConfiguration, desired: Desired, actor: Actor, detailsOf: Details): Change | null {
  const { integration } = now;
  const created = integration.deletedAt !== null;
  const current = new Map(Object.entries(variablesOf(now)));
  const wanted = new Map(Object.entries(desired.variables));
  const removed = [...current.keys()].filter((name) => !wanted.has(name));
  const changed = [...wanted].filter(([name, value]) => current.get(name) !== value);
  checkNames(now, [...wanted.keys()], removed);
  const secrets = now.values.filter(({ kind }) => kind === 'secret');
  checkAuthentication(desired, [
    ...secrets,
    ...[...wanted.keys()].map((name) => ({ name, kind: 'variable' as const })),
  ]);

  const before = created ? null : shown(now);
  const { account, name, limits, shownSecret, auth, tls } = desired;
  const after = { name, variables: Object.fromEntries(wanted), limits, shownSecret, auth, tls };
  if (before !== null && isDeepStrictEqual(before, after)) return null;
  const details = detailsOf(now, before === null ? { after } : differences(before, after));
  const action = created ? 'integration.created' : 'integration.updated';
  return {
    integration: { account, name, limits, shownSecret, auth, tls },
    endValues: removed,
    beginValues: changed.map(([variable, value]) => newVariable(variable, value)),
    audit: [entry(account, actor, action, integration.id, details)],
  };
}

function checkNames(now: StoredConfiguration, wanted: readonly string[], removed: readonly string[]): void {
  const kinds = new Map(now.values.map(({ name, kind }) => [name, kind]));
  const path = (name: string) => `variables.${name}`;
  const secrets = wanted.filter((name) => kinds.get(name) === 'secret');
  if (secrets.length > 0) {
    const errors = secrets.map((name) => ({ path: path(name), message: `"${name}" is a secret of this integration` }));
    throw new Refusal('conflict', 'A name is a variable or a secret, not both.', errors);
  }
  refuseTakenNames(
    now,
    wanted.filter((name) => !kinds.has(name)),
    path,
  );
  if (removed.length === 0) return;
  const kept = now.values.filter(({ name, kind }) => kind === 'secret' || wanted.includes(name));
  const added = wanted.filter((name) => !kinds.has(name)).map((name) => ({ name, kind: 'variable' as const }));
  refuseBreaking(now, [...kept, ...added], removed);
}

function newVariable(name: string, value: string): NewValue {
  return { name, kind: 'variable', value, sealed: null, hint: null, allowedHosts: null };
}

const authOf = ({ integration }: StoredConfiguration) => integration.authentication?.auth ?? null;
const tlsOf = ({ integration }: StoredConfiguration) => integration.authentication?.tls ?? null;

type Shown = Omit<Desired, 'account'>;

function shown(stored: StoredConfiguration): Shown {
  const { name, limits, shownSecret } = stored.integration;
  return { name, variables: variablesOf(stored), limits, shownSecret, auth: authOf(stored), tls: tlsOf(stored) };
}

/** Only what differs: an audit entry that repeats twenty variables hides the one that changed. */
function differences(before: Shown, after: Shown): { before: object; after: object } {
  const was: Record<string, unknown> = {};
  const is: Record<string, unknown> = {};
  for (const field of ['name', 'variables', 'limits', 'shownSecret', 'auth', 'tls'] as const) {
    if (isDeepStrictEqual(before[field], after[field])) continue;
    was[field] = before[field];
    is[field] = after[field];
  }
  return { before: was, after: is };
}

export function variablesOf({ values }: StoredConfiguration): Record<string, string> {
  return Object.fromEntries(
    values.flatMap(({ name, kind, value }) => (kind === 'variable' ? [[name, value ?? '']] : [])),
  );
}

function entry(
  account: string,
  actor: Actor,
  action: AuditRecord['action'],
  id: string,
  details: Record<string, unknown>,
): AuditRecord {
  return { account, actor, action, subject: { type: 'integration', id }, details };
}

export function presentStored(stored: StoredConfiguration): Integration {
  return present(stored.integration, variablesOf(stored));
}

function present(integration: StoredIntegration, variables: Record<string, string>): Integration {
  return {
    id: integration.id,
    account: integration.account,
    name: integration.name,
    type: 'custom',
    status: integration.status,
    variables,
    limits: integration.limits,
    shownSecret: integration.shownSecret,
    shownSecretHint: integration.shownSecretHint,
    auth: integration.authentication?.auth ?? null,
    tls: integration.authentication?.tls ?? null,
    lastSyncAt: integration.lastSyncAt?.toISOString() ?? null,
    lastSyncQuality: integration.lastSyncQuality,
    hold: holdOf(integration),
    createdAt: integration.createdAt.toISOString(),
    updatedAt: integration.updatedAt.toISOString(),
  };
}

/** Why its work waits, as it is told to people. */
export function holdOf({
  status,
  statusSince,
  hold,
}: Pick<StoredIntegration, 'status' | 'statusSince' | 'hold'>): Hold | null {
  if (status === 'paused' && statusSince !== null) {
    return { reason: 'paused', since: statusSince.toISOString(), nextProbeAt: null };
  }
  if (hold === null) return null;
  const iso = (time: string) => new Date(time).toISOString();
  const reason = `${hold.failure.code}: ${hold.failure.message}`;
  return { reason, since: iso(hold.since), nextProbeAt: iso(hold.nextProbeAt) };
}
