import { Anchor, Badge, Button, Code, Group, Menu, Stack, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { Command } from '../../../contract/command.ts';
import type { Integration } from '../../../contract/integration.ts';
import { columnsOf, DataTable } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { useCommands, useCommandTypes } from '../../parts/integration-queries.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { commandPath } from '../../parts/paths.ts';
import { When } from '../../parts/when.tsx';
import { useCan } from '../../session.tsx';

type Listed = Command & { integration: string };

/** In one line; the whole is in its editor. */
const shortened = (url: string) => (url.length <= 70 ? url : `${url.slice(0, 69)}…`);

const column = columnsOf<Listed>();
const columns = [
  column.accessor('name', {
    header: 'Command',
    cell: ({ row: { original } }) => (
      <Anchor component={Link} to={commandPath(original.integration, original.name)} size="sm" fw={500}>
        {original.name}
      </Anchor>
    ),
  }),
  column.accessor('request', {
    header: 'Request',
    cell: ({ getValue }) => (
      <Group gap="xs" wrap="nowrap">
        <Badge variant="default" size="sm" className="no-shrink">
          {getValue().method}
        </Badge>
        <Code title={getValue().url} style={{ overflow: 'visible', whiteSpace: 'nowrap' }}>
          {shortened(getValue().url)}
        </Code>
      </Group>
    ),
  }),
  column.accessor('version', { header: 'Version' }),
  column.accessor('updatedAt', { header: 'Saved', cell: ({ getValue }) => <When at={getValue()} /> }),
];

/** The commands that are configured, and those that could be. */
export function CommandsTab({ integration: { id, name } }: { integration: Integration }) {
  const query = useCommands(id);
  const mayWrite = useCan('commands.write');
  return (
    <Loaded query={query}>
      {({ items }) => (
        <Stack gap="sm">
          {mayWrite && <AddCommand integration={id} configured={items.map((command) => command.name)} />}
          {items.length > 0 ? (
            <DataTable
              label={`Commands of ${name}`}
              columns={columns}
              rows={items.map((command) => ({ ...command, integration: id }))}
              rowId={(command) => command.name}
            />
          ) : (
            <Empty title="No command is configured">
              A command is the web request to send when the billing system asks for something, such as an invoice's PDF.
            </Empty>
          )}
        </Stack>
      )}
    </Loaded>
  );
}

/** Command types that are not configured yet. */
function AddCommand({ integration, configured }: { integration: string; configured: string[] }) {
  const types = useCommandTypes();
  const free = types.data?.items.filter(({ name }) => !configured.includes(name)) ?? [];
  if (types.data === undefined) return null;
  if (free.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        All command types are configured.
      </Text>
    );
  }
  return (
    <div>
      <Menu position="bottom-start">
        <Menu.Target>
          <Button leftSection={<IconPlus size={16} aria-hidden />}>Add command</Button>
        </Menu.Target>
        <Menu.Dropdown maw={360}>
          {free.map(({ name, description }) => (
            <Menu.Item key={name} component={Link} to={commandPath(integration, name)}>
              {name}
              {description !== undefined && (
                <Text size="xs" c="dimmed">
                  {description}
                </Text>
              )}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
