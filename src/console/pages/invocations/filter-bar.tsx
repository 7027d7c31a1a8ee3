import { Button, Collapse, Group, Select, SimpleGrid, TextInput, type TextInputProps } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconFilter, IconSearch, IconX } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { ApiError } from '../../../client/errors.ts';
import { type ErrorCode, errorCodes } from '../../../contract/error-catalogue.ts';
import { invocationStatuses } from '../../../contract/invocation-status.ts';
import { codeTitle, laneWords, statusWords } from '../../words.ts';
import type { FilterName, Filters } from './filters.ts';
import { CommandInput, IntegrationInput } from './name-inputs.tsx';
import { FreeRange, TimeRange } from './time-range.tsx';
import type { ChangeFilters } from './use-filters.ts';

type FilterBarProps = { filters: Filters; change: ChangeFilters; clear: () => void; error: unknown };

const further: readonly FilterName[] = ['command', 'lane', 'httpStatus', 'batch', 'reference', 'account'];

/** What the list is narrowed by. Typing narrows after a moment; what the API does not take is said at its field. */
export function FilterBar({ filters, change, clear, error }: FilterBarProps) {
  const chosen = further.filter((name) => filters[name] !== undefined).length;
  const [opened, setOpened] = useState(chosen > 0);
  const problems = error instanceof ApiError ? error.errors : [];
  const field = (name: FilterName) => ({
    value: filters[name] ?? '',
    commit: (value: string) => change({ [name]: value }, { replace: true }),
    error: problems.find(({ path }) => path === name)?.message,
  });
  const select = (name: FilterName) => ({
    value: filters[name] ?? null,
    onChange: (value: string | null) => change({ [name]: value ?? '' }),
    error: problems.find(({ path }) => path === name)?.message,
    clearable: true,
    size: 'xs' as const,
  });
  return (
    <search aria-label="Filters">
      <SimpleGrid cols={{ base: 2, md: 5 }} spacing="xs" verticalSpacing="xs">
        <TextFilter
          field={field('q')}
          label="Find"
          placeholder="Token value, reference or id"
          leftSection={<IconSearch size={14} aria-hidden />}
        />
        <NameFilter field={field('integration')} of="integration" />
        <Select {...select('status')} label="Status" placeholder="Any" data={statuses} />
        <Select {...select('code')} label="What went wrong" placeholder="Anything" data={codes} searchable limit={30} />
        <TimeRange filters={filters} change={change} />
      </SimpleGrid>
      <FreeRange filters={filters} change={change} />
      <Collapse expanded={opened}>
        <SimpleGrid cols={{ base: 2, md: 5 }} spacing="xs" verticalSpacing="xs" mt="xs">
          <NameFilter field={field('command')} of="command" />
          <Select {...select('lane')} label="Lane" placeholder="Both" data={lanes} />
          <TextFilter field={field('httpStatus')} label="HTTP status" placeholder="503" inputMode="numeric" />
          <TextFilter field={field('reference')} label="Reference" />
          <TextFilter field={field('batch')} label="Batch" placeholder="Its id" />
          <TextFilter field={field('account')} label="Account" />
        </SimpleGrid>
      </Collapse>
      <Group gap="xs" mt="xs">
        <Button
          size="compact-xs"
          variant="subtle"
          leftSection={<IconFilter size={14} aria-hidden />}
          aria-expanded={opened}
          onClick={() => setOpened(!opened)}
        >
          {opened ? 'Fewer filters' : `More filters${chosen > 0 ? ` (${chosen})` : ''}`}
        </Button>
        {Object.keys(filters).length > 0 && (
          <Button size="compact-xs" variant="subtle" leftSection={<IconX size={14} aria-hidden />} onClick={clear}>
            Clear all filters
          </Button>
        )}
      </Group>
    </search>
  );
}

const statuses = invocationStatuses.map((value) => ({ value, label: statusWords[value] }));
const lanes = Object.entries(laneWords).map(([value, label]) => ({ value, label }));
const codes = errorCodes.map((value: ErrorCode) => ({ value, label: `${codeTitle(value)} (${value})` }));

type Field = { value: string; commit: (value: string) => void; error: string | undefined };

/** Text that goes into the URL a moment after the last key. */
function useTyped({ value, commit, error }: Field) {
  const [text, setText] = useState(value);
  const committed = useRef(value);
  // What comes back of one's own typing must not undo what was typed since.
  useEffect(() => {
    if (value !== committed.current) setText(value);
    committed.current = value;
  }, [value]);
  const commitSoon = useDebouncedCallback((typed: string) => {
    committed.current = typed.trim();
    commit(typed);
  }, 400);
  const type = (typed: string) => {
    setText(typed);
    commitSoon(typed);
  };
  return { props: { value: text, error, size: 'xs' as const }, type };
}

function TextFilter({ field, ...rest }: { field: Field } & TextInputProps) {
  const { props, type } = useTyped(field);
  return <TextInput {...rest} {...props} onChange={({ currentTarget }) => type(currentTarget.value)} />;
}

function NameFilter({ field, of }: { field: Field; of: 'integration' | 'command' }) {
  const { props, type } = useTyped(field);
  const rest = { ...props, onChange: type, placeholder: 'Any' };
  return of === 'integration' ? (
    <IntegrationInput {...rest} label="Integration" />
  ) : (
    <CommandInput {...rest} label="Command" />
  );
}
