import { Box, Group, Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import type { Statistics } from '../../../contract/statistics.ts';
import { client } from '../../client.ts';
import { countWords } from '../../parts/measures.ts';
import { useCan } from '../../session.tsx';

const Chart = lazy(() => import('./success-chart.tsx'));

const hourMs = 3_600_000;
const hours = 24;

/** What came of an integration's work in the last 24 hours, and of each hour in percent; `null`: nothing ended then. */
export type Successes = { succeeded: number; failed: number; byHour: (number | null)[] };

/** By integration, out of one answer. */
export function successesOf({ items, until }: Pick<Statistics, 'items' | 'until'>): Map<string, Successes> {
  const lastHour = Math.floor((Date.parse(until) - 1) / hourMs);
  const found = new Map<string, Successes>();
  for (const { integration, at, succeeded, failed } of items) {
    if (integration === null) continue;
    const one = found.get(integration) ?? { succeeded: 0, failed: 0, byHour: Array(hours).fill(null) };
    found.set(integration, one);
    one.succeeded += succeeded;
    one.failed += failed;
    const index = hours - 1 - (lastHour - Math.floor(Date.parse(at) / hourMs));
    if (index >= 0 && index < hours && succeeded + failed > 0) one.byHour[index] = percentOf(succeeded, failed);
  }
  return found;
}

const percentOf = (succeeded: number, failed: number) => (100 * succeeded) / (succeeded + failed);

/** "99.8 % of 1,204": never 100 % where something failed. */
export function successWords({ succeeded, failed }: Successes): string {
  const total = succeeded + failed;
  if (total === 0) return 'Nothing ended in the last 24 h';
  const percent = failed === 0 ? '100' : (Math.floor(percentOf(succeeded, failed) * 10) / 10).toLocaleString('en-US');
  return `${percent} % of ${countWords(total)} succeeded in 24 h`;
}

/** Of all integrations that can be seen, or of one. `null`: whoever is signed in may not know. */
export function useSuccesses(integration?: string) {
  const allowed = useCan('statistics.read');
  return useQuery({
    queryKey: ['statistics', 'successes', integration ?? null],
    queryFn: async ({ signal }) => {
      const only = integration === undefined ? {} : { integration };
      return successesOf(await client.statistics({ bucket: 'hour', by: 'integration', ...only }, { signal }));
    },
    enabled: allowed,
    refetchInterval: 60_000,
  });
}

const none: Successes = { succeeded: 0, failed: 0, byHour: [] };
const track = 'var(--mantine-color-default-hover)';

/** A line of the last 24 hours, and the same in words. Nothing where it cannot be had: the rest of the page is worth more. */
export function SuccessRate({ of, query }: { of: string; query: ReturnType<typeof useSuccesses> }) {
  if (query.data === undefined) return query.isLoading ? <Skeleton h={24} w={180} /> : null;
  const successes = query.data.get(of) ?? none;
  return (
    <Group gap="xs" wrap="nowrap" mih={24}>
      {successes.succeeded + successes.failed > 0 && (
        <Box w={96} h={24} bg={track} aria-hidden inert className="no-shrink">
          <Suspense fallback={null}>
            <Chart percents={successes.byHour} color={successes.succeeded < successes.failed ? 'red' : 'teal'} />
          </Suspense>
        </Box>
      )}
      <Text size="xs" c="dimmed">
        {successWords(successes)}
      </Text>
    </Group>
  );
}
