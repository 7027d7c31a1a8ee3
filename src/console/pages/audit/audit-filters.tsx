import { Button, Group, Select, SimpleGrid, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import type { AuditFilter } from '../../../contract/audit.ts';
import { auditActions } from '../../../contract/audit-actions.ts';
import { actionWords } from '../../parts/action-words.ts';
import { FilterField } from '../../parts/filter-field.tsx';
import { isoOf, localOf } from '../../parts/local-time.ts';
import { useUrlState } from '../../parts/url-state.ts';

const names = ['account', 'subject', 'action', 'actor', 'since', 'until'] as const satisfies (keyof AuditFilter)[];

/** The filters of the address, as the API takes them. */
export function useAuditFilter(): AuditFilter {
  const [parameters] = useSearchParams();
  const given = names.map((name) => [name, parameters.get(name) ?? ''] as const).filter(([, value]) => value !== '');
  return Object.fromEntries(given);
}

export function AuditFilters() {
  const [parameters, setParameters] = useSearchParams();
  const [action, setAction] = useUrlState('action');
  // Other fields after each clearing: what was typed a moment ago must not come back.
  const [cleared, setCleared] = useState(0);
  const clear = () => {
    setCleared(cleared + 1);
    setParameters({});
  };
  return (
    <search>
      <SimpleGrid key={cleared} cols={{ base: 2, md: 3, xl: 6 }} spacing="sm">
        <FilterField name="subject" label="Subject" placeholder="acme, or command:acme/GetInvoiceImage" />
        <Select
          label="Action"
          placeholder="any"
          clearable
          searchable
          data={auditActions.map((value) => ({ value, label: actionWords[value] }))}
          value={action === '' ? null : action}
          onChange={(value) => setAction(value ?? '')}
        />
        <FilterField name="actor" label="Who" placeholder="name or id" />
        <FilterField name="account" label="Account" placeholder="any" />
        <TimeFilter name="since" label="From" />
        <TimeFilter name="until" label="Until" />
      </SimpleGrid>
      {names.some((name) => parameters.has(name)) && (
        <Group mt="xs">
          <Button size="xs" variant="subtle" onClick={clear}>
            Clear the filters
          </Button>
        </Group>
      )}
    </search>
  );
}

/** Typed in the reader's own time zone, kept as the API takes it. */
function TimeFilter({ name, label }: { name: 'since' | 'until'; label: string }) {
  const [at, setAt] = useUrlState(name);
  return (
    <TextInput
      type="datetime-local"
      label={label}
      key={at}
      step={1}
      defaultValue={localOf(at)}
      // What nobody changed stays as it is: the field has no fractions of seconds.
      onBlur={({ currentTarget: { value } }) => value !== localOf(at) && setAt(isoOf(value))}
    />
  );
}
