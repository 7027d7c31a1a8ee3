import { isDeepStrictEqual } from 'node:util';
import type { HttpClient } from '../../client/http.ts';
import { type Difference, differencesOf } from './differences.ts';

export const kinds = ['command type', 'integration', 'secret', 'command', 'schedule', 'variable'] as const;
export type Kind = (typeof kinds)[number];

/** One request of a plan. */
export type Step = {
  action: 'create' | 'change' | 'delete';
  kind: Kind;
  /** `acme`, `acme/GetInvoiceImage`. */
  name: string;
  /** Where the files have it. */
  path: string;
  differences: Difference[];
  /** As it was when the plan was made, and a look at it now: what somebody else has changed meanwhile is not overwritten. */
  seen: unknown;
  look(client: HttpClient): Promise<unknown>;
  send(client: HttpClient): Promise<unknown>;
};

export type PlanOptions = {
  /** Delete what the files do not have, of the sections that they have. */
  prune: boolean;
  /** Save secrets, too, that cannot be told from those that are there. */
  updateSecrets: boolean;
  /** The value of a secret, by its environment variable. */
  secretOf(env: string): string;
};

/**
 * The step from how something is to how the files have it; none where that is the same.
 *
 * @param seen `null`: it is not there
 */
export function changeSteps(
  of: Pick<Step, 'kind' | 'name' | 'path' | 'look' | 'send'>,
  seen: unknown,
  after: unknown,
): Step[] {
  if (isDeepStrictEqual(seen, after)) return [];
  const action = seen === null ? 'create' : 'change';
  return [{ ...of, action, differences: differencesOf(seen ?? undefined, after), seen }];
}
