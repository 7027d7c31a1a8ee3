import type { KeyAccounts } from '../contract/api-key.ts';
import type { CommandVersion, PastCommand } from '../contract/command-check.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
import { Refusal } from '../contract/problem.ts';
import { requireCommand } from './commands.ts';
import { requireIntegration } from './scope.ts';
import type { IntegrationStore, StoredCommand, StoredConfiguration } from './stored.ts';

/**
 * A command's versions, as they were saved. Those of a deleted command are still there, none of them current, so that
 * what was deleted can be looked at and saved again.
 */
export function createVersionUses({ store }: { store: IntegrationStore }) {
  const known = async (scope: KeyAccounts, id: string, name: string) =>
    requireKnown(requireIntegration(scope, id, await store.load(id)), name);
  return {
    /** @throws Refusal `not-found` */
    async list(scope: KeyAccounts, id: string, name: string, query: PageQuery): Promise<Page<CommandVersion>> {
      await known(scope, id, name);
      const { items, nextCursor } = await store.versions(id, name, query);
      return { items: items.map((item) => ({ ...item, savedAt: item.savedAt.toISOString() })), nextCursor };
    },

    /** @param version as it was written by whoever asks @throws Refusal `not-found` */
    async get(scope: KeyAccounts, id: string, name: string, version: string): Promise<PastCommand> {
      const newest = await known(scope, id, name);
      const stored = /^[1-9][0-9]{0,8}$/.test(version) ? await store.version(id, name, Number(version)) : null;
      if (stored === null) {
        const detail = `Command "${name}" has no version "${version}"; its newest is ${newest.version}.`;
        throw new Refusal('not-found', detail);
      }
      const { definition, savedAt, savedBy } = stored;
      return { name, ...definition, version: stored.version, updatedAt: savedAt.toISOString(), savedBy };
    },
  };
}

/** The command, also a deleted one. */
function requireKnown(stored: StoredConfiguration, name: string): StoredCommand {
  return stored.commands.find((one) => one.name === name) ?? requireCommand(stored, name);
}
