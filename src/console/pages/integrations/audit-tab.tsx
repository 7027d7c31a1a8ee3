import { Anchor, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { AuditEntry } from '../../../contract/audit.ts';
import type { Integration } from '../../../contract/integration.ts';
import { client } from '../../client.ts';
import { wordsOfAction } from '../../parts/action-words.ts';
import { columnsOf, DataTable } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { integrationKey } from '../../parts/integration-queries.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { When } from '../../parts/when.tsx';

const shown = 50;
const maxCommands = 10;

/**
 * The newest entries of an integration and of its commands. The log is asked by subject, one after another, so not of
 * more than that: the log itself has all.
 */
async function entriesOf(id: string, signal: AbortSignal): Promise<AuditEntry[]> {
  const call = { signal };
  const commands = await client.listCommands(id, call);
  const subjects = [
    `integration:${id}`,
    ...commands.items.slice(0, maxCommands).map(({ name }) => `command:${id}/${name}`),
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
  column.accessor('action', { header: 'Did', cell: ({ getValue }) => wordsOfAction(getValue()) }),
  column.accessor('subject', {
    header: 'To',
    cell: ({ getValue }) => `${getValue().type} ${getValue().id}`,
  }),
];

export function AuditTab({ integration: { id, name } }: { integration: Integration }) {
  const query = useQuery({
    queryKey: integrationKey(id, 'audit'),
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
              The audit log has all, with details
            </Anchor>
          </Stack>
        ) : (
          <Empty title="No entries">What people and Errand do to this integration is written down here.</Empty>
        )
      }
    </Loaded>
  );
}
