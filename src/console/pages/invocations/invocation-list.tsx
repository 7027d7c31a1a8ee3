import { Anchor, Group, Paper, Stack, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useMemo } from 'react';
import { Link } from 'react-router';
import type { Invocation } from '../../../contract/invocation.ts';
import { columnsOf, DataTable } from '../../parts/data-table.tsx';
import { StatusMark } from '../../parts/invocation-status.tsx';
import { many } from '../../parts/measures.ts';
import { integrationPath } from '../../parts/paths.ts';
import { When } from '../../parts/when.tsx';
import { useCan } from '../../session.tsx';
import { laneWords } from '../../words.ts';
import { Duration, InvocationLink, WhatWentWrong } from './cells.tsx';
import { SelectAll, SelectOne } from './selection.tsx';

type ListProps = { invocations: Invocation[]; selectable: boolean };

/** As a table or, where a window is too narrow for eleven columns, one below the other. */
export function InvocationList(props: ListProps) {
  const narrow = useMediaQuery('(max-width: 62em)', undefined, { getInitialValueInEffect: false });
  return narrow ? <Cards {...props} /> : <InvocationTable {...props} />;
}

const column = columnsOf<Invocation>();
const selecting = column.display({
  id: 'select',
  header: ({ table }) => <SelectAll ids={table.getRowModel().rows.map(({ id }) => id)} />,
  cell: ({ row }) => <SelectOne invocation={row.original} />,
});
const columns = [
  column.accessor('createdAt', { header: 'When', cell: ({ getValue }) => <When at={getValue()} /> }),
  column.accessor('integration', {
    header: 'Integration',
    cell: ({ getValue }) => <IntegrationLink id={getValue()} />,
  }),
  column.accessor('command', { header: 'Command' }),
  column.display({ id: 'tokens', header: 'Values', cell: ({ row }) => <InvocationLink invocation={row.original} /> }),
  column.accessor('lane', { header: 'Lane', cell: ({ getValue }) => laneWords[getValue()] }),
  column.accessor('status', { header: 'Status', cell: ({ getValue }) => <StatusMark status={getValue()} /> }),
  column.accessor(({ attempts }) => attempts.length, { id: 'attempts', header: 'Attempts' }),
  column.display({ id: 'duration', header: 'Duration', cell: ({ row }) => <Duration invocation={row.original} /> }),
  column.display({
    id: 'wrong',
    header: 'What went wrong',
    cell: ({ row }) => <WhatWentWrong invocation={row.original} />,
  }),
];

function InvocationTable({ invocations, selectable }: ListProps) {
  const shown = useMemo(() => (selectable ? [selecting, ...columns] : columns), [selectable]);
  return <DataTable label="Invocations" columns={shown} rows={invocations} rowId={({ id }) => id} />;
}

function IntegrationLink({ id }: { id: string }) {
  if (!useCan('integrations.read')) return id;
  return (
    <Anchor component={Link} to={integrationPath(id)} size="sm" c="inherit">
      {id}
    </Anchor>
  );
}

function Cards({ invocations, selectable }: ListProps) {
  return (
    <Stack gap="xs">
      {selectable && invocations.length > 0 && (
        <SelectAll ids={invocations.map(({ id }) => id)} label="Select all that are shown" />
      )}
      <Stack component="ul" gap="xs" className="bare-list" aria-label="Invocations">
        {invocations.map((invocation) => (
          <Card key={invocation.id} invocation={invocation} />
        ))}
      </Stack>
    </Stack>
  );
}

function Card({ invocation }: { invocation: Invocation }) {
  const { integration, command, lane, status, attempts, createdAt } = invocation;
  return (
    <Paper component="li" withBorder p="sm">
      <Group wrap="nowrap" align="flex-start" gap="sm">
        <SelectOne invocation={invocation} />
        <Stack gap={4} flex={1} miw={0}>
          <Group justify="space-between" gap="xs">
            <StatusMark status={status} />
            <Text size="xs" c="dimmed">
              <When at={createdAt} />
            </Text>
          </Group>
          <InvocationLink invocation={invocation} />
          <Text size="sm" className="wrap-anywhere">
            {command} · <IntegrationLink id={integration} />
          </Text>
          <WhatWentWrong invocation={invocation} />
          <Group gap="xs" c="dimmed">
            <Text size="xs">{laneWords[lane]}</Text>
            <Text size="xs">{many(attempts.length, 'attempt')}</Text>
            {attempts.length > 0 && <Duration invocation={invocation} size="xs" />}
          </Group>
        </Stack>
      </Group>
    </Paper>
  );
}
