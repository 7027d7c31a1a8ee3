import { Anchor, Card, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import type { RunSummary } from '../../../contract/run.ts';
import { client } from '../../client.ts';
import { CodeCounts } from '../../parts/code-counts.tsx';
import { CountsBar, CountsLegend, progressWords } from '../../parts/counts-bar.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { countWords } from '../../parts/measures.ts';
import { Page } from '../../parts/page.tsx';
import { RetryAllFailed } from '../../parts/retry-all-failed.tsx';
import { When } from '../../parts/when.tsx';
import { ByIntegration } from './by-integration.tsx';
import { RunState } from './run-state.tsx';

const refreshMs = 5_000;
const endedMs = 60_000;

export default function Run() {
  const { run: name = '' } = useParams();
  const query = useQuery({
    queryKey: ['runs', name],
    queryFn: ({ signal }) => client.run(name, { signal }),
    // A retry of what failed opens it again: that is looked for, but seldom.
    refetchInterval: ({ state }) => (state.data?.finishedAt == null ? refreshMs : endedMs),
  });
  const failed = query.data?.failed ?? 0;
  return (
    <Page
      title={`Run ${name}`}
      about={
        <Anchor component={Link} to="/runs" inherit>
          All runs
        </Anchor>
      }
      actions={failed > 0 && <RetryAllFailed filter={() => ({ run: name })} of={`of the run ${name}`} />}
    >
      <Loaded query={query}>{(run) => <Night run={run} />}</Loaded>
    </Page>
  );
}

function Night({ run }: { run: RunSummary }) {
  return (
    <>
      <Card withBorder component="section" aria-label="Totals">
        <Stack gap="sm">
          <Group justify="space-between" gap="xs">
            <RunState run={run} />
            <Text size="sm">{progressWords(run)}</Text>
          </Group>
          <CountsBar counts={run} label="Progress" size="xl" />
          <CountsLegend counts={run} />
        </Stack>
      </Card>
      <RunFacts run={run} />
      <section aria-labelledby="by-integration">
        <Title order={2} size="h4" id="by-integration" mb="xs">
          By integration
        </Title>
        <ByIntegration run={run} />
      </section>
      <section aria-labelledby="by-code">
        <Title order={2} size="h4" id="by-code" mb="xs">
          By code
        </Title>
        <CodeCounts byCode={run.byCode} none="Nothing has failed." />
      </section>
    </>
  );
}

function RunFacts({ run }: { run: RunSummary }) {
  const { startedAt, finishedAt, expectedEnd } = run;
  return (
    <Facts
      facts={[
        {
          name: 'Batches',
          value: (
            <Anchor component={Link} to={`/batches?run=${encodeURIComponent(run.run)}`} inherit>
              {countWords(run.batches)}
            </Anchor>
          ),
        },
        { name: 'Started', value: startedAt === null ? 'not yet' : <When at={startedAt} /> },
        { name: 'Ended', value: finishedAt === null ? 'not yet' : <When at={finishedAt} /> },
        {
          name: 'Expected end',
          value: finishedAt !== null ? null : expectedEnd === null ? 'cannot be told' : <When at={expectedEnd} />,
        },
      ]}
    />
  );
}
