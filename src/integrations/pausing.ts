import type { KeyAccounts } from '../contract/api-key.ts';
import type { Actor } from '../contract/audit.ts';
import type { Integration } from '../contract/integration.ts';
import { presentStored } from './integrations.ts';
import { requireIntegration } from './scope.ts';
import type { IntegrationStore, StoredConfiguration } from './stored.ts';

export type PausingDependencies = {
  store: IntegrationStore;
  /** Rings for what waited; never rejects: the sweep rings too. */
  onResumed: (integration: string) => Promise<void>;
};

/**
 * Pausing and resuming an integration (contract §3): its batch work waits as rows that nobody rings for, its interactive
 * work fails at once with `integration-paused`. What was in flight goes on. Doing either twice changes nothing; but a person
 * who resumes what Errand holds asks for a probe at once.
 */
export function createPausing({ store, onResumed }: PausingDependencies) {
  async function change(
    scope: KeyAccounts,
    actor: Actor,
    id: string,
    { status, action }: { status: 'active' | 'paused'; action: 'integration.paused' | 'integration.resumed' },
  ): Promise<{ integration: Integration; changed: boolean }> {
    let changed = false;
    const decide = (now: StoredConfiguration | null) => {
      const { integration } = requireIntegration(scope, id, now);
      changed = integration.status !== status || (status === 'active' && integration.hold !== null);
      if (!changed) return null;
      const subject = { type: 'integration', id };
      return { status, audit: [{ account: integration.account, actor, action, subject, details: {} }] };
    };
    const stored = await store.change(id, decide);
    return { integration: presentStored(requireIntegration(scope, id, stored)), changed };
  }

  return {
    /** @throws Refusal `not-found` */
    async pause(scope: KeyAccounts, actor: Actor, id: string): Promise<Integration> {
      return (await change(scope, actor, id, { status: 'paused', action: 'integration.paused' })).integration;
    },

    /** @throws Refusal `not-found` */
    async resume(scope: KeyAccounts, actor: Actor, id: string): Promise<Integration> {
      const resumed = await change(scope, actor, id, { status: 'active', action: 'integration.resumed' });
      if (resumed.changed) await onResumed(id);
      return resumed.integration;
    },
  };
}
