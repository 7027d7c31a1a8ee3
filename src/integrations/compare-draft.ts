import type { KeyAccounts } from '../contract/api-key.ts';
import type { CommandBody } from '../contract/command.ts';
import { type AssembleDependencies, assemble } from './assemble.ts';
import type { CompiledCommand, Configuration } from './configuration.ts';
import { commandToShow } from './preview.ts';
import { requireIntegration } from './scope.ts';
import type { IntegrationStore } from './stored.ts';

/** A command as it is, and as it would be with a draft, with what is configured around them now. */
export type Compared = {
  configuration: Configuration;
  lastSyncAt: Date | null;
  /** `null`: it is not saved, or does not fit its command type any more. */
  saved: CompiledCommand | null;
  draft: CompiledCommand;
};

/** @throws Refusal `not-found`; `invalid` with what saving the draft would be refused for, paths as in `draft.request.url` */
export function createCompare(dependencies: AssembleDependencies & { store: IntegrationStore }) {
  return async (scope: KeyAccounts, id: string, name: string, draft: CommandBody): Promise<Compared> => {
    const stored = requireIntegration(scope, id, await dependencies.store.load(id));
    const compiled = commandToShow(stored, name, draft);
    const configuration = assemble(stored, dependencies);
    const saved = configuration.commands.get(name) ?? null;
    return { configuration, lastSyncAt: stored.integration.lastSyncAt, saved, draft: compiled };
  };
}
