import { Refusal } from '../../contract/problem.ts';
import type { StoredConfiguration, StoredValue } from '../stored.ts';
import { type Authentication, namesIn, referenceProblems } from './references.ts';

/**
 * @param values the variables and secrets that there will be
 * @throws Refusal `invalid`: a name that is not there, a value where a secret's name belongs
 */
export function checkAuthentication(
  authentication: Authentication,
  values: readonly Pick<StoredValue, 'name' | 'kind'>[],
): void {
  const problems = referenceProblems(authentication, values);
  if (problems.length > 0) {
    throw new Refusal('invalid', 'What the integration authenticates with cannot be used as it is.', problems);
  }
}

/** @throws Refusal `conflict` if the integration's authentication names the secret */
export function refuseUsedSecret({ integration }: StoredConfiguration, secret: string): void {
  if (integration.authentication === null || !namesIn(integration.authentication).includes(secret)) return;
  throw new Refusal(
    'conflict',
    `"${secret}" cannot be removed: the integration's auth or tls names it. Change that first.`,
  );
}
