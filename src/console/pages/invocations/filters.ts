import type { ErrorCode, Side } from '../../../contract/error-catalogue.ts';
import type { InvocationFilter } from '../../../contract/invocation.ts';
import type { InvocationStatus } from '../../../contract/invocation-status.ts';
import type { Lane } from '../../../contract/lane.ts';
import type { RedriveFilter } from '../../parts/redrive-filter.ts';

/** Ranges that move along with the clock, by their name in the URL. */
export const ranges = {
  '1h': { label: 'Last hour', ms: 3_600_000 },
  '24h': { label: 'Last 24 hours', ms: 86_400_000 },
  '7d': { label: 'Last 7 days', ms: 7 * 86_400_000 },
} as const;
export type Range = keyof typeof ranges;
const isRange = (name: string): name is Range => Object.hasOwn(ranges, name);

export const filterNames = [
  'q',
  'integration',
  'command',
  'status',
  'lane',
  'batch',
  'code',
  'side',
  'httpStatus',
  'reference',
  'account',
  'since',
  'until',
  'range',
] as const;
export type FilterName = (typeof filterNames)[number];
/** As they stand in the URL; what is not asked for is not there. */
export type Filters = Readonly<Partial<Record<FilterName, string>>>;

/** What people call them. */
export const filterWords: Readonly<Record<FilterName, string>> = {
  q: 'text',
  integration: 'integration',
  command: 'command',
  status: 'status',
  lane: 'lane',
  batch: 'batch',
  code: 'what went wrong',
  side: 'whose move it is',
  httpStatus: 'HTTP status',
  reference: 'reference',
  account: 'account',
  since: 'from',
  until: 'until',
  range: 'time',
};

export function filtersOf(parameters: URLSearchParams): Filters {
  return Object.fromEntries(
    filterNames.flatMap((name) => {
      const value = parameters.get(name)?.trim() ?? '';
      return value === '' ? [] : [[name, value]];
    }),
  );
}

export function sinceOf({ since, range }: Filters, now: number): string | undefined {
  return range !== undefined && isRange(range) ? new Date(now - ranges[range].ms).toISOString() : since;
}

/** For the API, which says at which field what is wrong with one. */
export function queryOf(
  { range, since, status, lane, code, side, httpStatus, ...rest }: Filters,
  now: number,
): InvocationFilter {
  return {
    ...rest,
    status: status as InvocationStatus | undefined,
    lane: lane as Lane | undefined,
    code: code as ErrorCode | undefined,
    side: side as Side | undefined,
    httpStatus: httpStatus as number | undefined,
    since: sinceOf({ range, since } as Filters, now),
  };
}

const inexpressible = ['q', 'lane', 'httpStatus', 'reference', 'account'] as const satisfies readonly FilterName[];

/** Which ones "Retry all failed" of this list means; a string: why it cannot say so. */
export function retryAllOf(filters: Filters, now: number): RedriveFilter | string {
  const { status, code, side, integration, command, batch, until } = filters;
  const cancelled = status === 'cancelled';
  if (status !== undefined && status !== 'failed' && !cancelled) {
    return 'The list is narrowed to a status other than failed.';
  }
  if (cancelled && code !== undefined && code !== 'cancelled') return 'No invocation is both.';
  const beyond = inexpressible.filter((name) => filters[name] !== undefined).map((name) => filterWords[name]);
  if (beyond.length > 0) {
    const which = new Intl.ListFormat('en').format(beyond);
    return `All failed ones cannot be narrowed by ${which}. Clear that, or select the ones that you mean.`;
  }
  const codes = cancelled ? ['cancelled' as const] : code === undefined ? undefined : [code as ErrorCode];
  return { integration, command, batch, codes, side: side as Side | undefined, since: sinceOf(filters, now), until };
}
