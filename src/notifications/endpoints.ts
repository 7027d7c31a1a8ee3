import { type AuditRecord, system } from '../audit/entry.ts';
import type { KeyAccounts } from '../contract/api-key.ts';
import type { Actor } from '../contract/audit.ts';
import {
  type EndpointBody,
  type EndpointEvent,
  type EndpointPatch,
  type EndpointTest,
  type EndpointWithSecret,
  eventsProblem,
  type NotificationEndpoint,
} from '../contract/notification.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
import { Refusal } from '../contract/problem.ts';
import { isUuid } from '../contract/uuid.ts';
import type { ClaimedNotification, Delivery } from './notification.ts';
import { endpointOwner } from './notification.ts';
import type { CheckReceiver } from './receiver.ts';
import { graceHours, type Signing } from './signing.ts';

export type NewEndpoint = Pick<NotificationEndpoint, 'id' | 'name' | 'url' | 'events' | 'accounts' | 'enabled'>;

export type EndpointStore = {
  /** Of the endpoints whose accounts all lie within `accounts`. */
  find(accounts: KeyAccounts, id: string): Promise<NotificationEndpoint | null>;
  page(accounts: KeyAccounts, query: PageQuery): Promise<Page<NotificationEndpoint>>;
  insert(endpoint: NewEndpoint, sealedSecret: string, audit: AuditRecord): Promise<void>;
  /** One that is not `enabled` is told nothing of what waits for it, either. */
  update(id: string, endpoint: NewEndpoint, audit: AuditRecord): Promise<void>;
  remove(id: string, audit: AuditRecord): Promise<void>;
  replaceSecret(id: string, sealed: string, graceHours: number, audit: AuditRecord): Promise<Date | null>;
};

export type EndpointDependencies = {
  store: EndpointStore;
  signing: Pick<Signing, 'fresh'>;
  checkReceiver: CheckReceiver;
  /** Stages a test and takes it in hand. */
  stageTest: (endpoint: string) => Promise<ClaimedNotification | null>;
  /** Sends it once and records what came of it. */
  tryOnce: (notification: ClaimedNotification) => Promise<Delivery>;
  audit: (record: AuditRecord) => Promise<void>;
  newId: () => string;
};

/** Who manages endpoints. Only those for no more than these accounts exist for them. */
export type EndpointManager = { actor: Actor; accounts: KeyAccounts };

/** Notification endpoints: who is told of what, and with which secret. */
export function createEndpointUses(dependencies: EndpointDependencies) {
  const { store, signing, checkReceiver, newId } = dependencies;

  async function require(accounts: KeyAccounts, id: string): Promise<NotificationEndpoint> {
    const endpoint = isUuid(id) ? await store.find(accounts, id) : null;
    if (endpoint === null) throw new Refusal('not-found', `There is no notification endpoint "${id}".`);
    return endpoint;
  }

  return {
    get: require,
    list: (accounts: KeyAccounts, query: PageQuery): Promise<Page<NotificationEndpoint>> => store.page(accounts, query),

    /**
     * Makes an endpoint, by default for the maker's accounts. The secret is in this answer only.
     *
     * @throws Refusal `forbidden` if it would be told more than its maker sees, `invalid` if nothing can be sent there
     */
    async create(maker: EndpointManager, body: EndpointBody): Promise<EndpointWithSecret> {
      const accounts = accountsOf(maker, body.accounts ?? maker.accounts);
      checkEvents(body.events, accounts);
      await checkReceiver(body.url, 'url');
      const id = newId();
      const { name = null, url, enabled = true } = body;
      const endpoint: NewEndpoint = { id, name, url, events: [...new Set(body.events)], accounts, enabled };
      const { secret, sealed } = signing.fresh(endpointOwner(id));
      await store.insert(endpoint, sealed, endpointRecord(maker.actor, 'notification-endpoint.created', endpoint));
      return { ...(await require(maker.accounts, id)), secret };
    },

    /** @throws Refusal `not-found`, `forbidden`, `invalid` */
    async update(manager: EndpointManager, id: string, patch: EndpointPatch): Promise<NotificationEndpoint> {
      const before = await require(manager.accounts, id);
      const accounts = patch.accounts === undefined ? before.accounts : accountsOf(manager, patch.accounts);
      const events = [...new Set(patch.events ?? before.events)];
      if (patch.events !== undefined || patch.accounts !== undefined) checkEvents(events, accounts);
      await checkReceiver(patch.url, 'url');
      const { name = before.name, url = before.url, enabled = before.enabled } = patch;
      const after: NewEndpoint = {
        id: before.id,
        name,
        url,
        enabled,
        events,
        accounts,
      };
      await store.update(before.id, after, endpointRecord(manager.actor, 'notification-endpoint.updated', after));
      return require(manager.accounts, id);
    },

    async remove(manager: EndpointManager, id: string): Promise<void> {
      const endpoint = await require(manager.accounts, id);
      await store.remove(endpoint.id, endpointRecord(manager.actor, 'notification-endpoint.deleted', endpoint));
    },

    /** A new secret, in this answer only; messages are signed with the one before, too, for a day. */
    async rotateSecret(manager: EndpointManager, id: string): Promise<EndpointWithSecret> {
      const endpoint = await require(manager.accounts, id);
      const { secret, sealed } = signing.fresh(endpointOwner(endpoint.id));
      const record = endpointRecord(manager.actor, 'notification-endpoint.secret-rotated', endpoint);
      await store.replaceSecret(endpoint.id, sealed, graceHours, record);
      return { ...(await require(manager.accounts, id)), secret };
    },

    /** Sends a test at once, also to one that is disabled, and says what came back. */
    async test(manager: EndpointManager, id: string): Promise<EndpointTest> {
      const endpoint = await require(manager.accounts, id);
      const staged = await dependencies.stageTest(endpoint.id);
      if (staged === null) throw new Refusal('not-found', `There is no notification endpoint "${id}".`);
      const { status, error, durationMs } = await dependencies.tryOnce(staged);
      await dependencies.audit(endpointRecord(manager.actor, 'notification-endpoint.tested', endpoint));
      return { notification: staged.id, delivered: error === null, status, error, durationMs: Math.round(durationMs) };
    },
  };
}
export type EndpointUses = ReturnType<typeof createEndpointUses>;

function accountsOf(manager: EndpointManager, wanted: KeyAccounts): KeyAccounts {
  const accounts = wanted === '*' ? '*' : [...new Set(wanted)];
  if (accounts !== '*' && accounts.includes('*')) {
    throw new Refusal('invalid', '"*" stands for all accounts and cannot be one of a list.', [
      { path: 'accounts', message: 'must be "*" itself, or a list of accounts' },
    ]);
  }
  const within =
    manager.accounts === '*' ||
    (accounts !== '*' && accounts.every((account) => manager.accounts !== '*' && manager.accounts.includes(account)));
  if (!within) throw new Refusal('forbidden', 'An endpoint can be told only of accounts that its maker has.');
  return accounts;
}

function checkEvents(events: readonly EndpointEvent[], accounts: KeyAccounts): void {
  const message = eventsProblem(events, accounts);
  if (message === null) return;
  throw new Refusal('invalid', 'The endpoint would not be told of all that.', [{ path: 'events', message }]);
}

/** The entry belongs to an account if the endpoint is told of just one. Of the URL the host: the rest may be a secret. */
export function endpointRecord(
  actor: Actor,
  action: Extract<AuditRecord['action'], `notification-endpoint.${string}`>,
  { id, name, url, events, accounts, enabled }: NewEndpoint,
  more: Record<string, unknown> = {},
): AuditRecord {
  const account = accounts !== '*' && accounts.length === 1 ? (accounts[0] ?? null) : null;
  const details = { name, host: URL.parse(url)?.host ?? null, events, accounts, enabled, ...more };
  return { account, actor, action, subject: { type: 'notification-endpoint', id }, details };
}

/** The entry for one that Errand disables. */
export const disabledRecord = (endpoint: NewEndpoint & Pick<NotificationEndpoint, 'disabledReason'>): AuditRecord =>
  endpointRecord(system, 'notification-endpoint.disabled', endpoint, { reason: endpoint.disabledReason });
