import { Button, Group, Select, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import type { IntegrationFilter } from '../../../client/integrations.ts';
import type { Integration } from '../../../contract/integration.ts';
import { useTyped } from '../../parts/typed.ts';
import { useUrlState } from '../../parts/url-state.ts';
import { useSession } from '../../session.tsx';

const statusWords: Readonly<Record<Integration['status'], string>> = { active: 'Active', paused: 'Paused by a person' };
const isStatus = (text: string): text is Integration['status'] => Object.hasOwn(statusWords, text);

/** What the address asks for; what it does not name is not in it. */
export function useIntegrationFilter(): IntegrationFilter {
  const [parameters] = useSearchParams();
  const [q, status, account] = ['q', 'status', 'account'].map((name) => parameters.get(name) ?? '') as [
    string,
    string,
    string,
  ];
  return {
    ...(q === '' ? {} : { q }),
    ...(isStatus(status) ? { status } : {}),
    ...(account === '' ? {} : { account }),
  };
}

export function IntegrationFilters() {
  const { accounts } = useSession();
  const [status, setStatus] = useUrlState('status');
  const several = accounts === '*' || accounts.length > 1;
  const filter = useIntegrationFilter();
  // Other fields after each clearing: what was typed a moment ago must not come back.
  const [cleared, setCleared] = useState(0);
  return (
    <Group gap="xs" align="flex-end" role="search">
      <Typed key={`q ${cleared}`} name="q" label="Search" placeholder="Name or id" maxLength={200} />
      <Select
        label="Status"
        size="sm"
        w={180}
        data={Object.entries(statusWords).map(([value, label]) => ({ value, label }))}
        value={isStatus(status) ? status : null}
        placeholder="All"
        onChange={(value) => setStatus(value ?? '')}
        clearable
        clearButtonProps={{ 'aria-label': 'All statuses' }}
      />
      {several && <Typed key={`account ${cleared}`} name="account" label="Account" placeholder="All" maxLength={200} />}
      {Object.keys(filter).length > 0 && <Clear then={() => setCleared(cleared + 1)} />}
    </Group>
  );
}

function Typed({ name, label, ...input }: { name: string; label: string; placeholder: string; maxLength: number }) {
  const { text, type } = useTyped(...useUrlState(name));
  return (
    <TextInput
      {...input}
      label={label}
      size="sm"
      leftSection={name === 'q' ? <IconSearch size={16} aria-hidden /> : undefined}
      value={text}
      onChange={({ currentTarget: { value } }) => type(value)}
    />
  );
}

function Clear({ then }: { then: () => void }) {
  const [, setParameters] = useSearchParams();
  return (
    <Button
      variant="subtle"
      size="sm"
      onClick={() => {
        then();
        setParameters({}, { replace: true });
      }}
    >
      Clear filters
    </Button>
  );
}
