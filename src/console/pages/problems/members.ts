import type { ProblemGroup } from '../../../contract/problem-group.ts';
import type { RedriveFilter } from '../../parts/redrive-filter.ts';

type Group = Pick<ProblemGroup, 'integration' | 'command' | 'code' | 'side' | 'failed'>;

/** What problems are of, as long as nobody says otherwise. */
const reachMs = 7 * 86_400_000;

/**
 * The failed ones that a problem counts, and no older ones. Not since the problem's own beginning: invocations are told
 * apart by their ids, and the oldest one's is some milliseconds older than its row.
 */
export function failedOf({ integration, command, code, side }: Group, now: number): RedriveFilter {
  return { integration, command, codes: [code], side, since: new Date(now - reachMs).toISOString() };
}

/** The list of them. Those that are tried again have not failed yet: where there are no others, these are shown. */
export function invocationsOf({ integration, command, code, side, failed }: Group): string {
  const status = failed > 0 ? 'failed' : 'retrying';
  return `/invocations?${new URLSearchParams({ integration, command, code, side, status, range: '7d' })}`;
}
