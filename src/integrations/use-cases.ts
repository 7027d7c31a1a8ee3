import { createCheck } from './check-command.ts';
import { createCommandTypeUses } from './command-types.ts';
import { createVersionUses } from './command-versions.ts';
import { createCommandUses } from './commands.ts';
import { createCompare } from './compare-draft.ts';
import { createIntegrationUses } from './integrations.ts';
import { createPausing, type PausingDependencies } from './pausing.ts';
import { createPreview, type PreviewDependencies } from './preview.ts';
import { createSecretUses, type SecretDependencies } from './secrets.ts';
import { createTest, type TestDependencies } from './test-command.ts';

export type IntegrationsDependencies = PreviewDependencies &
  PausingDependencies &
  TestDependencies &
  SecretDependencies & { sealer: PreviewDependencies['sealer'] & SecretDependencies['sealer'] };

export type Integrations = ReturnType<typeof createIntegrations>;

/**
 * Everything people do with integrations. All take the accounts of the caller's key first: what lies outside of them is
 * refused like what does not exist. Every change is one transaction: the next configuration version, its audit entry,
 * and the notification of every process.
 */
export function createIntegrations(dependencies: IntegrationsDependencies) {
  return {
    ...createIntegrationUses(dependencies),
    ...createPausing(dependencies),
    secrets: createSecretUses(dependencies),
    commands: createCommandUses(dependencies),
    versions: createVersionUses(dependencies),
    check: createCheck(dependencies),
    compareDraft: createCompare(dependencies),
    commandTypes: createCommandTypeUses(dependencies),
    preview: createPreview(dependencies),
    test: createTest(dependencies),
  };
}
