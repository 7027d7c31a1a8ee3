import { Anchor, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { AuditEntry } from '../../../contract/audit.ts';
import type { Integration } from '../../../contract/integration.ts';
import { client } from '../../client.ts';
import { columnsOf, DataTable } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { When } from '../../parts/when.tsx';

const shown = 50;

/**
 * The newest entries of an integration and of what belongs to it. The log is asked by subject, so commands are those of
 * all types: also one that was deleted has its entries.
 */
async function entriesOf(id: string, signal: AbortSignal): Promise<AuditEntry[]> {
  const call = { signal };
  const [types, secrets, schedules] = await Promise.all([
    client.listCommandTypes(call),
    client.listSecrets(id, call),
    client.schedules(id, { limit: 200 }, call),
  ]);
  const part = (type: string) => (thing: { name: string }) => `${type}:${id}/${thing.name}`;
  const subjects = [
    `integration:${id}`,
    ...types.items.map(part('command')),
    ...secrets.items.map(part('secret')),
    ...schedules.items.map(part('schedule')),
  ];
  const pages = await Promise.all(subjects.map((subject) => client.listAudit({ subject, limit: shown }, call)));
  return pages
    .flatMap(({ items }) => items)
    .sort((one, other) => (one.id < other.id ? 1 : -1))
    .slice(0, shown);
}

const column = columnsOf<AuditEntry>();
const columns = [
  column.accessor('at', { header: 'When', cell: ({ getValue }) => <When at={getValue()} /> }),
  column.accessor('actor', {
    header: 'Who',
    cell: ({ getValue }) => {
      const { type, id, name } = getValue();
      return (
        <Text size="sm" className="wrap-anywhere">
          {name ?? id}{' '}
          <Text span size="xs" c="dimmed">
            {type}
          </Text>
        </Text>
      );
    },
  }),
  column.accessor('action', { header: 'Did' }),
  column.accessor('subject', {
    header: 'To',
    cell: ({ getValue }) => `${getValue().type} ${getValue().id}`,
  }),
];

export function AuditTab({ integration: { id, name } }: { integration: Integration }) {
  const query = useQuery({
    queryKey: ['integrations', id, 'audit'],
    queryFn: ({ signal }) => entriesOf(id, signal),
  });
  return (
    <Loaded query={query}>
      {(entries) =>
        entries.length > 0 ? (
          <Stack gap="sm">
            <DataTable
              label={`Audit entries of ${name}`}
              columns={columns}
              rows={entries}
              rowId={(entry) => entry.id}
            />
            <Anchor component={Link} to={`/audit?subject=${encodeURIComponent(`integration:${id}`)}`} size="sm">
              In the audit log, with details
            </Anchor>
          </Stack>
        ) : (
          <Empty title="No entries">What people and Errand do to this integration is written down here.</Empty>
        )
      }
    </Loaded>
  );
}
