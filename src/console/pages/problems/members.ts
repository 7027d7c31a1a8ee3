import type { ProblemGroup } from '../../../contract/problem-group.ts';
import type { RedriveFilter } from '../../parts/redrive-filter.ts';

type Group = Pick<ProblemGroup, 'integration' | 'command' | 'code' | 'since' | 'failed'>;

/** The failed ones that a problem counts, and no older ones: those belong to what was wrong before. */
export function failedOf({ integration, command, code, since }: Group): RedriveFilter {
  return { integration, command, codes: [code], since };
}

/** The list of them. Those that are tried again have not failed yet: where there are no others, these are shown. */
export function invocationsOf({ integration, command, code, since, failed }: Group): string {
  const status = failed > 0 ? 'failed' : 'retrying';
  return `/invocations?${new URLSearchParams({ integration, command, code, status, since })}`;
}
