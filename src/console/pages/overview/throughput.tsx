import { Card, Group, Skeleton, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import type { Statistics } from '../../../contract/statistics.ts';
import { client } from '../../client.ts';
import { Figure } from '../../parts/figure.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { countWords } from '../../parts/measures.ts';
import { barTime } from './bar-time.ts';
import { type Bar, barsOf, queryOf, type RangeName, ranges, successRate, totalOf } from './range.ts';
import { refreshMs } from './refresh.ts';

const ThroughputChart = lazy(() => import('./throughput-chart.tsx'));

/** How much was done, and how much of it succeeded. */
export function Throughput({ range }: { range: RangeName }) {
  const query = useQuery({
    queryKey: ['statistics', 'throughput', range],
    queryFn: ({ signal }) => client.statistics(queryOf(range), { signal }),
    refetchInterval: refreshMs,
  });
  return (
    <Card withBorder component="section" aria-labelledby="throughput">
      <Title order={2} size="h4" id="throughput" mb="xs">
        Invocations that ended
      </Title>
      <Loaded query={query}>{(statistics) => <Counted statistics={statistics} range={range} />}</Loaded>
    </Card>
  );
}

function Counted({ statistics, range }: { statistics: Statistics; range: RangeName }) {
  const total = totalOf(statistics.items);
  const bars = barsOf(range, statistics);
  const rate = successRate(total);
  const summary = `${countWords(total.ended)} ended in ${ranges[range].words}: ${countWords(total.succeeded)} succeeded, ${countWords(total.failed)} failed, ${countWords(total.absent)} absent.`;
  return (
    <Stack gap="sm">
      <Group gap="xl">
        <Figure name="Ended" value={countWords(total.ended)} />
        <Figure name="Success rate" value={rate ?? 'nothing yet'} tone={total.failed === 0 ? 'good' : 'doubtful'} />
        <Figure name="Failed" value={countWords(total.failed)} tone={total.failed === 0 ? 'calm' : 'bad'} />
        <Figure name="Absent" value={countWords(total.absent)} />
      </Group>
      {total.ended === 0 ? (
        <Text size="sm" c="dimmed">
          Nothing ended in {ranges[range].words}.
        </Text>
      ) : (
        <>
          <Suspense fallback={<Skeleton h={220} />}>
            <ThroughputChart bars={bars} range={range} label={`Bar chart. ${summary}`} />
          </Suspense>
          <AsTable bars={bars} range={range} />
        </>
      )}
    </Stack>
  );
}

function AsTable({ bars, range }: { bars: Bar[]; range: RangeName }) {
  const busy = bars.filter(({ succeeded, failed, absent }) => succeeded + failed + absent > 0);
  return (
    <details>
      <summary>As a table</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section className="table-scroll" tabIndex={0} aria-label="Invocations that ended, as a table">
        <Table>
          <Table.Thead>
            <Table.Tr>
              {[`From, each ${ranges[range].barWords} long`, 'Succeeded', 'Failed', 'Absent'].map((head) => (
                <Table.Th key={head} scope="col">
                  {head}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {busy.map(({ at, succeeded, failed, absent }) => (
              <Table.Tr key={at}>
                <Table.Td>{barTime(at, range)}</Table.Td>
                <Table.Td>{countWords(succeeded)}</Table.Td>
                <Table.Td>{countWords(failed)}</Table.Td>
                <Table.Td>{countWords(absent)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </section>
    </details>
  );
}
