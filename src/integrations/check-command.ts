import type { KeyAccounts } from '../contract/api-key.ts';
import { commandBodySchema } from '../contract/command.ts';
import type { CommandCheck } from '../contract/command-check.ts';
import type { CommandType } from '../contract/command-type.ts';
import { fieldErrors } from '../contract/field-errors.ts';
import type { Lane } from '../contract/lane.ts';
import type { FieldError } from '../contract/problem.ts';
import { wording } from '../contract/wording.ts';
import { planOf } from '../judging/plan.ts';
import { policyFor } from '../judging/policy.ts';
import { describeTokens } from '../tokens/describe.ts';
import { usedTokens } from '../tokens/used.ts';
import { asStored, problemsOf, requireType } from './commands.ts';
import { namesOfKind } from './names-of-kind.ts';
import { requireIntegration } from './scope.ts';
import type { IntegrationStore, StoredConfiguration } from './stored.ts';

/**
 * What an editor shows while a command is being written: what is wrong with the draft, which may be of any shape, which
 * tokens it may name and does name, and when it would be tried.
 *
 * @throws Refusal `not-found`: the integration, or no such command type.
 */
export function createCheck({ store }: { store: IntegrationStore }) {
  return async (scope: KeyAccounts, id: string, name: string, draft: unknown): Promise<CommandCheck> => {
    const stored = requireIntegration(scope, id, await store.load(id));
    const type = requireType(stored, name);
    const { values } = stored;
    return {
      errors: errorsOf(draft, type, stored),
      available: describeTokens({
        commandType: type.tokens,
        variables: values
          .filter(({ kind }) => kind === 'variable')
          .map((each) => ({ ...each, value: each.value ?? '' })),
        secrets: values.filter(({ kind }) => kind === 'secret'),
      }),
      used: usedTokens(draft, {
        commandType: type.tokens,
        variables: namesOfKind(values, 'variable'),
        secrets: namesOfKind(values, 'secret'),
      }),
      plan: planFor(draft),
    };
  };
}

/** What saving it would be refused for: its shape, or if that is right, what it means. */
function errorsOf(draft: unknown, type: CommandType, stored: StoredConfiguration): FieldError[] {
  const shape = commandBodySchema.safeParse(draft, { error: wording });
  return shape.success ? problemsOf(asStored(shape.data), type, stored) : fieldErrors(shape.error.issues);
}

const pace = commandBodySchema.pick({ timeoutMs: true, deadlineMs: true, retry: true }).strip();

/** Of a draft whose request is still being written, too: nothing but its times and `retry` matter. */
function planFor(draft: unknown): CommandCheck['plan'] {
  const parsed = pace.safeParse(draft);
  if (!parsed.success) return null;
  const planIn = (lane: Lane) => planOf(policyFor(parsed.data, lane));
  return { interactive: planIn('interactive'), batch: planIn('batch') };
}
