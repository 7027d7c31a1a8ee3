import { Anchor, Box, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { RunOfIntegration, RunSummary } from '../../../contract/run.ts';
import { CountsBar, progressWords } from '../../parts/counts-bar.tsx';
import { columnsOf, DataTable } from '../../parts/data-table.tsx';
import { HoldNotice } from '../../parts/hold-notice.tsx';
import { countWords, many } from '../../parts/measures.ts';
import { integrationPath } from '../../parts/paths.ts';

type Line = RunOfIntegration & { run: string };

const column = columnsOf<Line>();
const columns = [
  column.accessor('integration', {
    header: 'Integration',
    cell: ({ row: { original: line } }) => (
      <Stack gap={0}>
        <Anchor component={Link} to={integrationPath(line.integration)} size="sm" fw={500}>
          {line.integration}
        </Anchor>
        <Anchor component={Link} to={batchesOf(line)} size="xs" c="dimmed">
          {many(line.batches, 'batch', 'batches')}
        </Anchor>
      </Stack>
    ),
  }),
  column.display({
    id: 'progress',
    header: 'Progress',
    cell: ({ row: { original: line } }) => (
      <Stack gap={4} miw={200}>
        <CountsBar counts={line} label={`Progress of ${line.integration}`} />
        <Text size="xs" c="dimmed">
          {progressWords(line)}
        </Text>
      </Stack>
    ),
  }),
  column.accessor('failed', { header: 'Failed', cell: ({ row }) => <Failed line={row.original} /> }),
  column.accessor('hold', {
    header: 'Waits because',
    cell: ({ row: { original: line } }) => (
      <Box miw={240}>
        {line.hold === null ? (
          <Text size="sm">{line.outcome === null ? 'it does not wait' : 'it has ended'}</Text>
        ) : (
          <HoldNotice hold={line.hold} />
        )}
      </Box>
    ),
  }),
];

const batchesOf = ({ run, integration }: Line) =>
  `/batches?run=${encodeURIComponent(run)}&integration=${encodeURIComponent(integration)}`;

/** Invocations cannot be listed by run; its batches can, and each leads to what failed of it. */
function Failed({ line }: { line: Line }) {
  if (line.failed === 0) return <Text size="sm">0</Text>;
  return (
    <Anchor
      component={Link}
      to={batchesOf(line)}
      size="sm"
      aria-label={`${countWords(line.failed)} failed of ${line.integration}: look at its batches in this run`}
    >
      {countWords(line.failed)}
    </Anchor>
  );
}

/** Those that failed first, then those that wait. */
export function ByIntegration({ run }: { run: RunSummary }) {
  const waits = ({ hold }: RunOfIntegration) => Number(hold !== null);
  const lines = run.byIntegration
    .map((line) => ({ ...line, run: run.run }))
    .sort((one, other) => other.failed - one.failed || waits(other) - waits(one));
  return <DataTable label="By integration" columns={columns} rows={lines} rowId={({ integration }) => integration} />;
}
