import { Anchor, Group, Stack, Text, Title } from '@mantine/core';
import { Link } from 'react-router';
import type { Batch } from '../../../contract/batch.ts';
import type { MissingItem } from '../../../contract/batch-report.ts';
import { client } from '../../client.ts';
import { columnsOf, DataTable } from '../../parts/data-table.tsx';
import { DownloadButton } from '../../parts/download-button.tsx';
import { StatusMark } from '../../parts/invocation-status.tsx';
import { countWords } from '../../parts/measures.ts';
import { PagesOf, usePages } from '../../parts/pages-of.tsx';
import { short, tokensLine } from '../../parts/tokens-line.ts';
import { codeTitle } from '../../words.ts';

const column = columnsOf<MissingItem>();
const columns = [
  column.accessor('item', { header: 'Item', cell: ({ getValue }) => countWords(getValue()) }),
  column.accessor('tokens', {
    header: 'Invocation',
    cell: ({ row: { original } }) => (
      <Anchor
        component={Link}
        to={`/invocations/${original.id}`}
        size="sm"
        miw={100}
        display="block"
        className="wrap-anywhere"
      >
        {original.reference ?? short(tokensLine(original), 80)}
      </Anchor>
    ),
  }),
  column.accessor('status', { header: 'Status', cell: ({ getValue }) => <StatusMark status={getValue()} /> }),
  column.accessor('message', {
    header: 'Why',
    cell: ({ row: { original } }) => (
      <Stack gap={0} miw={240}>
        {original.code !== null && (
          <Text size="sm" fw={500}>
            {codeTitle(original.code)}
          </Text>
        )}
        <Text size="sm" className="wrap-anywhere">
          {original.message}
        </Text>
      </Stack>
    ),
  }),
];

/** The items that have no result, page by page, and all of them as a file. */
export function Missing({ batch }: { batch: Batch }) {
  const missing = batch.total - batch.succeeded;
  const pages = usePages<MissingItem>({
    queryKey: ['batch', batch.id, 'report', 'missing'],
    fetchPage: async (cursor, signal) => {
      const page = await client.batchReport(batch.id, cursor === undefined ? {} : { cursor }, { signal });
      return { items: page.missing, nextCursor: page.nextCursor };
    },
  });
  return (
    <section aria-labelledby="missing">
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4" id="missing">
          Missing
        </Title>
        {missing > 0 && (
          <DownloadButton filename={`missing-${batch.id}.csv`} fetchBytes={() => client.exportBatchReport(batch.id)}>
            Download as CSV
          </DownloadButton>
        )}
      </Group>
      {missing === 0 ? (
        <Text size="sm">Every item has its result.</Text>
      ) : (
        <PagesOf pages={pages}>
          {(items) => <DataTable label="Missing items" columns={columns} rows={items} rowId={({ id }) => id} />}
        </PagesOf>
      )}
    </section>
  );
}
