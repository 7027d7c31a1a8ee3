import { Anchor, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { RunSummary } from '../../../contract/run.ts';
import { client } from '../../client.ts';
import { CountsBar, progressWords } from '../../parts/counts-bar.tsx';
import { columnsOf, DataTable } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { many } from '../../parts/measures.ts';
import { Page } from '../../parts/page.tsx';
import { PagesOf, usePages } from '../../parts/pages-of.tsx';
import { runPath } from '../../parts/paths.ts';
import { When } from '../../parts/when.tsx';
import { RunState } from './run-state.tsx';

const refreshMs = 5_000;

const column = columnsOf<RunSummary>();
const columns = [
  column.accessor('run', {
    header: 'Run',
    cell: ({ row: { original: run } }) => (
      <Stack gap={0}>
        <Anchor component={Link} to={runPath(run.run)} size="sm" fw={500} className="wrap-anywhere">
          {run.run}
        </Anchor>
        <Text size="xs" c="dimmed">
          {many(run.batches, 'batch', 'batches')} of {many(run.byIntegration.length, 'integration')}
        </Text>
      </Stack>
    ),
  }),
  column.display({ id: 'status', header: 'Status', cell: ({ row }) => <RunState run={row.original} /> }),
  column.display({
    id: 'progress',
    header: 'Progress',
    cell: ({ row: { original: run } }) => (
      <Stack gap={4} miw={200}>
        <CountsBar counts={run} label={`Progress of ${run.run}`} />
        <Text size="xs" c="dimmed">
          {progressWords(run)}
        </Text>
      </Stack>
    ),
  }),
  column.accessor('startedAt', {
    header: 'Started',
    cell: ({ getValue }) => <Maybe at={getValue()} otherwise="not yet" />,
  }),
  column.display({
    id: 'end',
    header: 'Ended',
    cell: ({ row: { original: run } }) => <RunEnd run={run} />,
  }),
];

const Maybe = ({ at, otherwise }: { at: string | null; otherwise: string }) =>
  at === null ? <Text size="sm">{otherwise}</Text> : <When at={at} />;

function RunEnd({ run: { finishedAt, expectedEnd } }: { run: RunSummary }) {
  if (finishedAt !== null || expectedEnd === null) return <Maybe at={finishedAt} otherwise="not yet" />;
  return (
    <Text size="sm">
      expected <When at={expectedEnd} />
    </Text>
  );
}

export default function Runs() {
  const pages = usePages<RunSummary>({
    queryKey: ['runs'],
    fetchPage: (cursor, signal) => client.runs(cursor === undefined ? {} : { cursor }, { signal }),
    refreshMs,
  });
  return (
    <Page title="Runs" about="All batches of one label together: a night at a glance.">
      <PagesOf pages={pages}>
        {(runs) =>
          runs.length === 0 ? (
            <Empty title="No runs yet">
              A run is a label over batches. Schedules give one to what they start; a batch that is handed over can name
              its own.
            </Empty>
          ) : (
            <DataTable label="Runs" columns={columns} rows={runs} rowId={({ run }) => run} />
          )
        }
      </PagesOf>
    </Page>
  );
}
