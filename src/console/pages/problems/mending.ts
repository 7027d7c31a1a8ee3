import type { ErrorCode } from '../../../contract/error-catalogue.ts';
import type { ProblemGroup } from '../../../contract/problem-group.ts';
import { commandPath, integrationPath } from '../../parts/paths.ts';
import { mendWords } from '../../words.ts';

export type MendingPlace = { label: string; to: string; permission: string };

/** Nothing of it is in an integration's configuration. */
const elsewhere: ReadonlySet<ErrorCode> = new Set(['poisoned', 'invalid-job', 'cancelled', 'absent']);

/** Where a problem is mended, as far as that is in the console; `null`: not there. */
export function mendingPlace({ integration, command, code, side }: ProblemGroup): MendingPlace | null {
  const path = integrationPath(integration);
  if (elsewhere.has(code)) return null;
  if (side === 'credentials' || code === 'secret-unreadable') {
    return { label: 'Open the secrets', to: `${path}?tab=secrets`, permission: 'secrets.read' };
  }
  if (code === 'integration-paused') {
    return { label: 'Open the integration', to: path, permission: 'integrations.read' };
  }
  const to = commandPath(integration, command);
  return { label: 'Open the command', to, permission: 'commands.read' };
}

/** What to do about it; whose move it is can say more than the code. */
export function mendingWords({ code, side }: Pick<ProblemGroup, 'code' | 'side'>): string {
  if (side !== 'credentials') return mendWords({ code });
  return 'Save the secret anew, with a value that their server takes; or correct what the command sends of it.';
}
