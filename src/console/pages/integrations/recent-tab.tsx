import { Anchor, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Integration } from '../../../contract/integration.ts';
import type { Invocation } from '../../../contract/invocation.ts';
import { client } from '../../client.ts';
import { columnsOf, DataTable } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { integrationKey } from '../../parts/integration-queries.ts';
import { StatusMark } from '../../parts/invocation-status.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { invocationPath, invocationsPath } from '../../parts/paths.ts';
import { When } from '../../parts/when.tsx';
import { codeTitle, laneWords } from '../../words.ts';

/** The values that tell it from others, in one line. */
const tokenText = ({ tokens, reference }: Invocation) =>
  Object.values(tokens)
    .filter((value) => typeof value === 'string' || typeof value === 'number')
    .join(', ')
    .slice(0, 80) ||
  reference ||
  'no tokens';

const column = columnsOf<Invocation>();
const columns = [
  column.display({
    id: 'what',
    header: 'Invocation',
    cell: ({ row: { original } }) => (
      <>
        <Anchor component={Link} to={invocationPath(original.id)} size="sm" fw={500}>
          {tokenText(original)}
        </Anchor>
        <Text size="xs" c="dimmed">
          {original.command}
        </Text>
      </>
    ),
  }),
  column.accessor('status', {
    header: 'Status',
    cell: ({ row: { original } }) => (
      <>
        <StatusMark status={original.status} />
        {original.error !== null && (
          <Text size="xs" c="dimmed">
            {codeTitle(original.error.code, original.error.cause)}
          </Text>
        )}
      </>
    ),
  }),
  column.accessor('lane', { header: 'Lane', cell: ({ getValue }) => laneWords[getValue()] }),
  column.accessor('createdAt', { header: 'Accepted', cell: ({ getValue }) => <When at={getValue()} /> }),
];

export function RecentTab({ integration: { id, name } }: { integration: Integration }) {
  const query = useQuery({
    queryKey: integrationKey(id, 'recent'),
    queryFn: ({ signal }) => client.listInvocations({ integration: id, limit: 20 }, { signal }),
    refetchInterval: 5_000,
  });
  return (
    <Loaded query={query}>
      {({ items }) =>
        items.length > 0 ? (
          <Stack gap="sm">
            <DataTable label={`Newest invocations of ${name}`} columns={columns} rows={items} rowId={(row) => row.id} />
            <Anchor component={Link} to={invocationsPath({ integration: id })} size="sm">
              All invocations of {name}
            </Anchor>
          </Stack>
        ) : (
          <Empty title="No invocations yet">
            They come from the billing system, when a customer clicks or at night.
          </Empty>
        )
      }
    </Loaded>
  );
}
