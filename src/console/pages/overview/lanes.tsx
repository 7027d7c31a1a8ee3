import { Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { LaneState, StatisticsItem } from '../../../contract/statistics.ts';
import { client } from '../../client.ts';
import { Figure } from '../../parts/figure.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { countWords, durationWords, many } from '../../parts/measures.ts';
import { tones } from '../../parts/tones.ts';
import { When } from '../../parts/when.tsx';
import { laneWords } from '../../words.ts';
import { laneWarning, waitedMs } from './lane-warning.ts';
import { queryOf, type RangeName, ranges } from './range.ts';
import { refreshMs } from './refresh.ts';

/** How much there is to do, whether somebody does it, and how long customers' servers take. */
export function Lanes({ range }: { range: RangeName }) {
  const lanes = useQuery({
    queryKey: ['lanes'],
    queryFn: ({ signal }) => client.lanes({ signal }),
    refetchInterval: refreshMs,
  });
  const latency = useQuery({
    queryKey: ['statistics', 'lanes', range],
    queryFn: ({ signal }) => client.statistics({ ...queryOf(range), bucket: 'all', by: 'lane' }, { signal }),
    refetchInterval: refreshMs,
  });
  const ofLane = (lane: LaneState['lane']) => latency.data?.items.find((item) => item.lane === lane);
  return (
    <Loaded query={lanes}>
      {({ items }) => (
        <SimpleGrid cols={{ base: 1, md: 2 }}>
          {items.map((state) => (
            <Lane key={state.lane} state={state} item={ofLane(state.lane)} range={range} />
          ))}
        </SimpleGrid>
      )}
    </Loaded>
  );
}

type LaneProps = { state: LaneState; item: StatisticsItem | undefined; range: RangeName };

function Lane({ state, item, range }: LaneProps) {
  const { lane, waiting, running, retrying, oldestAt } = state;
  const { p50, p99 } = item?.durationMs ?? { p50: null, p99: null };
  const duration = (ms: number | null) => (ms === null ? '–' : durationWords(ms));
  return (
    <Card withBorder component="section" aria-labelledby={`lane-${lane}`}>
      <Stack gap="xs">
        <Title order={2} size="h4" id={`lane-${lane}`}>
          {laneWords[lane]}
        </Title>
        <Health state={state} />
        <Group gap="lg" style={{ rowGap: 8 }}>
          <Figure name="Waiting" value={waiting >= 10_000 ? `${countWords(waiting)}+` : countWords(waiting)} />
          <Figure name="Running" value={countWords(running)} />
          <Figure name="Retrying or held" value={countWords(retrying)} />
          <Figure name="p50" value={duration(p50)} />
          <Figure name="p99" value={duration(p99)} />
        </Group>
        <Text size="sm" c="dimmed" component="div">
          {oldestAt === null ? (
            'Nothing waits for a worker.'
          ) : (
            <>
              The oldest waits since <When at={oldestAt} />.
            </>
          )}{' '}
          {item === undefined
            ? `Nothing was sent in ${ranges[range].words}.`
            : `${many(item.attempts, 'attempt')} in ${ranges[range].words}: half took less than p50, 1% more than p99.`}
        </Text>
      </Stack>
    </Card>
  );
}

function Health({ state }: { state: LaneState }) {
  const warning = laneWarning(state, waitedMs(state));
  if (warning === null) {
    return (
      <Group gap={6} wrap="nowrap">
        <IconCircleCheck size={16} color={tones.good} aria-hidden className="no-shrink" />
        <Text size="sm">{many(state.workers, 'worker')} at work</Text>
      </Group>
    );
  }
  return (
    <Group gap={6} wrap="nowrap" align="flex-start">
      <IconAlertTriangle size={18} color={tones.bad} aria-hidden className="no-shrink" />
      <Text size="sm" fw={600} c={tones.bad}>
        <span role="alert">{warning.words}</span>
        {warning.detail !== null && ` ${warning.detail}`}
      </Text>
    </Group>
  );
}
