import { Anchor, Group, Select, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { Batch, BatchFilter, BatchStatus } from '../../../contract/batch.ts';
import { client } from '../../client.ts';
import { BatchState } from '../../parts/batch-state.tsx';
import { CountsBar, progressWords } from '../../parts/counts-bar.tsx';
import { columnsOf, DataTable } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { FilterField, IntegrationFilter } from '../../parts/filter-field.tsx';
import { Page } from '../../parts/page.tsx';
import { PagesOf, usePages } from '../../parts/pages-of.tsx';
import { runPath } from '../../parts/paths.ts';
import { useUrlState } from '../../parts/url-state.ts';
import { When } from '../../parts/when.tsx';
import { batchStatusWords } from '../../words.ts';

const refreshMs = 2_000;

const columns = (() => {
  const column = columnsOf<Batch>();
  return [
    column.accessor('integration', {
      header: 'Batch',
      cell: ({ row: { original: batch } }) => (
        <Stack gap={0}>
          <Anchor component={Link} to={`/batches/${batch.id}`} size="sm" fw={500}>
            {batch.integration} {batch.command}
          </Anchor>
          {batch.run !== null && (
            <Anchor component={Link} to={runPath(batch.run)} size="xs" c="dimmed">
              {batch.run}
            </Anchor>
          )}
        </Stack>
      ),
    }),
    column.accessor('status', { header: 'Status', cell: ({ row }) => <BatchState batch={row.original} /> }),
    column.display({
      id: 'progress',
      header: 'Progress',
      cell: ({ row: { original: batch } }) => (
        <Stack gap={4} miw={180}>
          <CountsBar counts={batch} label={`Progress of ${batch.integration} ${batch.command}`} />
          <Text size="xs" c="dimmed">
            {progressWords(batch)}
          </Text>
        </Stack>
      ),
    }),
    column.accessor('createdAt', { header: 'Handed over', cell: ({ getValue }) => <When at={getValue()} /> }),
    column.accessor('finishedAt', { header: 'Ended', cell: ({ getValue }) => <Ended at={getValue()} /> }),
  ];
})();

const Ended = ({ at }: { at: string | null }) => (at === null ? <Text size="sm">not yet</Text> : <When at={at} />);

export default function Batches() {
  const filter = useBatchFilter();
  const pages = usePages({
    queryKey: ['batches', filter],
    fetchPage: (cursor, signal) =>
      client.batches({ ...filter, ...(cursor === undefined ? {} : { cursor }) }, { signal }),
    refreshMs,
  });
  return (
    <Page title="Batches" about="Many invocations of one command, handed over together. Moves by itself.">
      <Filters />
      <PagesOf pages={pages}>
        {(batches) =>
          batches.length === 0 ? (
            <None filtered={Object.keys(filter).length > 0} />
          ) : (
            <DataTable label="Batches" columns={columns} rows={batches} rowId={({ id }) => id} />
          )
        }
      </PagesOf>
    </Page>
  );
}

function None({ filtered }: { filtered: boolean }) {
  if (filtered) return <Empty title="No batch fits">Take a filter away to see more.</Empty>;
  return (
    <Empty title="No batches yet">
      A schedule starts them, or the billing system hands them over with POST /v1/batches: see the{' '}
      <Anchor href="/docs" inherit underline="always">
        HTTP API
      </Anchor>
      .
    </Empty>
  );
}

function useBatchFilter(): BatchFilter {
  const [integration] = useUrlState('integration');
  const [run] = useUrlState('run');
  const [status] = useUrlState('status');
  return {
    ...(integration === '' ? {} : { integration }),
    ...(run === '' ? {} : { run }),
    ...(Object.hasOwn(batchStatusWords, status) ? { status: status as BatchStatus } : {}),
  };
}

function Filters() {
  const [status, setStatus] = useUrlState('status');
  return (
    <Group component="search" gap="sm" align="flex-end">
      <IntegrationFilter />
      <FilterField name="run" label="Run" placeholder="any" />
      <Select
        label="Status"
        placeholder="any"
        clearable
        data={Object.entries(batchStatusWords).map(([value, label]) => ({ value, label }))}
        value={status === '' ? null : status}
        onChange={(value) => setStatus(value ?? '')}
      />
    </Group>
  );
}
