import { Anchor, SegmentedControl, SimpleGrid } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { client } from '../../client.ts';
import { Empty } from '../../parts/empty.tsx';
import { FirstSteps } from '../../parts/first-steps.tsx';
import { Page } from '../../parts/page.tsx';
import { useUrlState } from '../../parts/url-state.ts';
import { useCan, useSession } from '../../session.tsx';
import { Integrations } from './integrations.tsx';
import { Lanes } from './lanes.tsx';
import { OpenProblems } from './open-problems.tsx';
import { isRange, type RangeName } from './range.ts';
import { RunningBatches } from './running-batches.tsx';
import { Throughput } from './throughput.tsx';

/** What somebody who was woken looks at first. */
export default function Overview() {
  const [asked, setRange] = useUrlState('range');
  const range: RangeName = isRange(asked) ? asked : '24h';
  const mayCount = useCan('statistics.read');
  if (!mayCount) return <WithoutCounts />;
  return (
    <Page
      title="Overview"
      about={<About />}
      actions={<RangeControl range={range} change={(to) => setRange(to === '24h' ? '' : to)} />}
    >
      <NoneYet />
      <Now />
      <Lanes range={range} />
      <Throughput range={range} />
      <Integrations range={range} />
    </Page>
  );
}

function About() {
  const { permissions, accounts } = useSession();
  const board = permissions.includes('queues.read') && accounts === '*';
  return (
    <>
      Looks again every 5 seconds.
      {board && (
        <>
          {' '}
          Jobs and queues are on{' '}
          <Anchor href="/queues" inherit underline="always">
            Bull Board
          </Anchor>
          .
        </>
      )}
    </>
  );
}

function RangeControl({ range, change }: { range: RangeName; change: (to: RangeName) => void }) {
  return (
    <SegmentedControl
      aria-label="Time"
      value={range}
      onChange={(value) => isRange(value) && change(value)}
      data={[
        { value: '1h', label: '1 hour' },
        { value: '24h', label: '24 hours' },
        { value: '7d', label: '7 days' },
      ]}
    />
  );
}

/** What needs no range. A configurer sees no invocations, and so neither of them. */
function Now() {
  const mayProblems = useCan('problems.read');
  const mayBatches = useCan('invocations.read');
  if (!mayProblems && !mayBatches) return null;
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }}>
      {mayProblems && <OpenProblems />}
      {mayBatches && <RunningBatches />}
    </SimpleGrid>
  );
}

/** Whoever may add one is led through it; the others are told. */
function NoneYet() {
  const mayAdd = useCan('integrations.write');
  const { data } = useQuery({
    queryKey: ['integrations', 'any'],
    queryFn: ({ signal }) => client.listIntegrations({ limit: 1 }, { signal }),
    enabled: useCan('integrations.read') && !mayAdd,
  });
  if (mayAdd) return <FirstSteps />;
  if (data === undefined || data.items.length > 0) return null;
  return <Empty title="There is no integration yet">A configurer or an admin can add the first one.</Empty>;
}

function WithoutCounts() {
  const mayRead = useCan('invocations.read');
  return (
    <Page title="Overview">
      <Empty title="How everything stands is not for this role">
        Configurers, operators and admins see it.
        {mayRead && (
          <>
            {' '}
            You may look at{' '}
            <Anchor component={Link} to="/invocations" inherit underline="always">
              invocations
            </Anchor>{' '}
            and{' '}
            <Anchor component={Link} to="/batches" inherit underline="always">
              batches
            </Anchor>
            .
          </>
        )}
      </Empty>
    </Page>
  );
}
