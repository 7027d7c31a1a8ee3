import { Anchor, Badge, Stack, Text } from '@mantine/core';
import { IconCircleCheck, IconCircleX, IconClock } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Integration } from '../../../contract/integration.ts';
import type { Invocation } from '../../../contract/invocation.ts';
import type { InvocationStatus } from '../../../contract/invocation-status.ts';
import { client } from '../../client.ts';
import { columnsOf, DataTable } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { When } from '../../parts/when.tsx';
import { codeTitle, laneWords, statusWords } from '../../words.ts';

function StatusBadge({ status }: { status: InvocationStatus }) {
  const [Icon, color] =
    status === 'succeeded'
      ? [IconCircleCheck, 'teal']
      : status === 'failed' || status === 'cancelled'
        ? [IconCircleX, 'red']
        : [IconClock, 'blue'];
  return (
    <Badge
      variant="default"
      size="sm"
      tt="none"
      fw={500}
      leftSection={<Icon size={14} color={`var(--mantine-color-${color}-6)`} aria-hidden />}
    >
      {statusWords[status]}
    </Badge>
  );
}

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
        <Anchor component={Link} to={`/invocations/${original.id}`} size="sm" fw={500}>
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
        <StatusBadge status={original.status} />
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
    queryKey: ['integrations', id, 'recent'],
    queryFn: ({ signal }) => client.listInvocations({ integration: id, limit: 20 }, { signal }),
    refetchInterval: 5_000,
  });
  return (
    <Loaded query={query}>
      {({ items }) =>
        items.length > 0 ? (
          <Stack gap="sm">
            <DataTable label={`Newest invocations of ${name}`} columns={columns} rows={items} rowId={(row) => row.id} />
            <Anchor component={Link} to={`/invocations?integration=${encodeURIComponent(id)}`} size="sm">
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
