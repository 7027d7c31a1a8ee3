import type { AuditRecord } from '../audit/entry.ts';
import type { KeyAccounts } from '../contract/api-key.ts';
import type { Notification, NotificationFilter } from '../contract/notification.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
import { Refusal } from '../contract/problem.ts';
import { isUuid } from '../contract/uuid.ts';
import type { EndpointManager } from './endpoints.ts';

export type MessageDependencies = {
  store: {
    /** Of callbacks of these accounts, and of what went to endpoints for no more than them. */
    page(accounts: KeyAccounts, filter: NotificationFilter, query: PageQuery): Promise<Page<Notification>>;
    find(accounts: KeyAccounts, id: string): Promise<Notification | null>;
    /** `null`: its endpoint is disabled or deleted. */
    retry(id: string): Promise<Notification | null>;
  };
  audit: (record: AuditRecord) => Promise<void>;
};

/** What was sent to whom, and what became of it. */
export function createMessageUses({ store, audit }: MessageDependencies) {
  return {
    list: (accounts: KeyAccounts, filter: NotificationFilter, query: PageQuery): Promise<Page<Notification>> =>
      store.page(accounts, filter, query),

    /**
     * Sends it again as soon as possible, whatever became of it, with all its tries before it.
     *
     * @throws Refusal `not-found`; `conflict` if its endpoint is disabled or deleted
     */
    async retry({ actor, accounts }: EndpointManager, id: string): Promise<Notification> {
      const before = isUuid(id) ? await store.find(accounts, id) : null;
      if (before === null) throw new Refusal('not-found', `There is no notification "${id}".`);
      const retried = await store.retry(before.id);
      if (retried === null) {
        throw new Refusal('conflict', 'Its endpoint is disabled or deleted: nothing is sent to it. Enable it first.');
      }
      await audit({
        account: before.account,
        actor,
        action: 'notification.retried',
        subject: { type: 'notification', id: before.id },
        details: { event: before.event, endpoint: before.endpoint, status: before.status },
      });
      return retried;
    },
  };
}
export type MessageUses = ReturnType<typeof createMessageUses>;
