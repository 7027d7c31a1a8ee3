import { Badge, Button, Text, VisuallyHidden } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import type { ApiKey } from '../../../contract/api-key.ts';
import { client } from '../../client.ts';
import { askFirst } from '../../parts/ask-first.tsx';
import { columnsOf, DataTable } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Page } from '../../parts/page.tsx';
import { PagesOf, usePages } from '../../parts/pages-of.tsx';
import { When } from '../../parts/when.tsx';
import { queries } from '../../queries.ts';
import { NewKeyForm } from './new-key-form.tsx';
import { roleWords } from './role-words.ts';

export default function Keys() {
  const [making, setMaking] = useState(false);
  const add = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setMaking(true)}>
      Create key
    </Button>
  );
  return (
    <Page title="API keys" about="What programs and people come in with." actions={add}>
      <KeyList />
      <NewKeyForm opened={making} close={() => setMaking(false)} />
    </Page>
  );
}

const stateOf = ({ revokedAt, expiresAt }: ApiKey) => {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'valid';
};

const column = columnsOf<ApiKey>();
const columns = [
  column.accessor('name', {
    header: 'Name',
    cell: ({ row: { original } }) => (
      <>
        <Text size="sm" fw={500} className="wrap-anywhere">
          {original.name ?? 'no name'}
        </Text>
        <Text size="xs" c="dimmed" ff="monospace">
          {original.id}
        </Text>
      </>
    ),
  }),
  column.accessor('role', {
    header: 'Role',
    cell: ({ getValue }) => <span title={roleWords[getValue()]}>{getValue()}</span>,
  }),
  column.accessor('accounts', {
    header: 'Accounts',
    cell: ({ getValue }) => {
      const accounts = getValue();
      return accounts === '*' ? 'all' : accounts.join(', ');
    },
  }),
  column.accessor('lastUsedAt', { header: 'Last used', cell: ({ getValue }) => <Time at={getValue()} none="never" /> }),
  column.accessor('createdAt', { header: 'Created', cell: ({ getValue }) => <When at={getValue()} /> }),
  column.accessor('expiresAt', { header: 'Expires', cell: ({ getValue }) => <Time at={getValue()} none="never" /> }),
  column.display({
    id: 'status',
    header: 'Status',
    cell: ({ row: { original } }) => (
      <Badge
        variant={stateOf(original) === 'valid' ? 'default' : 'outline'}
        color="gray.7"
        size="sm"
        tt="none"
        fw={500}
      >
        {stateOf(original)}
      </Badge>
    ),
  }),
  column.display({
    id: 'actions',
    header: () => <VisuallyHidden>Actions</VisuallyHidden>,
    cell: ({ row: { original } }) => <Revoke of={original} />,
  }),
];

function Time({ at, none }: { at: string | null; none: string }) {
  return at === null ? none : <When at={at} />;
}

function KeyList() {
  const pages = usePages({
    queryKey: ['keys'],
    fetchPage: (cursor, signal) => client.listKeys(cursor === undefined ? {} : { cursor }, { signal }),
  });
  return (
    <PagesOf pages={pages}>
      {(keys) =>
        keys.length > 0 ? (
          <DataTable label="API keys" columns={columns} rows={keys} rowId={({ id }) => id} />
        ) : (
          <Empty title="No keys yet">
            You are signed in with the key that Errand was started with. Create one for each program and person.
          </Empty>
        )
      }
    </PagesOf>
  );
}

function Revoke({ of: key }: { of: ApiKey }) {
  if (stateOf(key) !== 'valid') return null;
  const called = key.name ?? key.id;
  const revoke = async () => {
    await client.revokeKey(key.id);
    await queries.invalidateQueries({ queryKey: ['keys'] });
  };
  const happens = `From its next request on, whoever uses ${called} (${key.role}) is refused, and browsers that signed in with it are signed out. It cannot be made valid again.`;
  const ask = () =>
    askFirst({ title: `Revoke ${called}`, happens, yes: `Revoke ${called}`, danger: true, act: revoke });
  return (
    <Button size="xs" variant="default" onClick={ask} aria-label={`Revoke ${called}`}>
      Revoke
    </Button>
  );
}
