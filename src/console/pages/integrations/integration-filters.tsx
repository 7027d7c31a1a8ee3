import { Button, Group, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import type { IntegrationFilter } from '../../../client/integrations.ts';
import type { Integration } from '../../../contract/integration.ts';
import { useUrlState } from '../../parts/url-state.ts';
import { useSession } from '../../session.tsx';

const statusWords: Readonly<Record<Integration['status'], string>> = { active: 'Active', paused: 'Paused by a person' };
const isStatus = (text: string): text is Integration['status'] => text in statusWords;

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
  return (
    <Group gap="xs" align="flex-end" role="search">
      <Typed name="q" label="Search" placeholder="Name or id" maxLength={200} />
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
      {several && <Typed name="account" label="Account" placeholder="All" maxLength={200} />}
      {Object.keys(filter).length > 0 && <Clear />}
    </Group>
  );
}

/** Looked for when nothing was typed for a moment: each letter is not a request. */
function Typed({ name, label, ...input }: { name: string; label: string; placeholder: string; maxLength: number }) {
  const [kept, keep] = useUrlState(name);
  const [text, setText] = useState(kept);
  const [seen, setSeen] = useState(kept);
  const [typed, setTyped] = useState(kept);
  const keepSoon = useDebouncedCallback((value: string) => {
    setTyped(value);
    keep(value);
  }, 300);
  // The address changed, and not by typing here: by the way back, or by clearing the filters.
  if (kept !== seen) {
    setSeen(kept);
    if (kept !== typed) setText(kept);
  }
  return (
    <TextInput
      {...input}
      label={label}
      size="sm"
      leftSection={name === 'q' ? <IconSearch size={16} aria-hidden /> : undefined}
      value={text}
      onChange={({ currentTarget: { value } }) => {
        setText(value);
        keepSoon(value.trim());
      }}
    />
  );
}

function Clear() {
  const [, setParameters] = useSearchParams();
  return (
    <Button variant="subtle" size="sm" onClick={() => setParameters({}, { replace: true })}>
      Clear filters
    </Button>
  );
}
