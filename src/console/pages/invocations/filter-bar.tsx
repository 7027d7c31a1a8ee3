import { Button, Collapse, Group, Select, SimpleGrid, TextInput, type TextInputProps } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconFilter, IconSearch, IconX } from '@tabler/icons-react';
import { Fragment, useState } from 'react';
import { ApiError } from '../../../client/errors.ts';
import { type ErrorCode, errorCodes, sides } from '../../../contract/error-catalogue.ts';
import { invocationStatuses } from '../../../contract/invocation-status.ts';
import { upperFirst } from '../../parts/letters.ts';
import { CommandInput, IntegrationInput } from '../../parts/names.tsx';
import { useTyped } from '../../parts/typed.ts';
import { codeTitle, laneWords, sideWords, statusWords } from '../../words.ts';
import type { FilterName, Filters } from './filters.ts';
import { FreeRange, TimeRange } from './time-range.tsx';
import type { ChangeFilters } from './use-filters.ts';

type FilterBarProps = { filters: Filters; change: ChangeFilters; clear: () => void; error: unknown };

const further: readonly FilterName[] = ['command', 'side', 'lane', 'httpStatus', 'batch', 'reference', 'account'];

/** What the list is narrowed by. Typing narrows after a moment; what the API does not take is said at its field. */
export function FilterBar({ filters, change, clear, error }: FilterBarProps) {
  const chosen = further.filter((name) => filters[name] !== undefined).length;
  const [opened, { toggle }] = useDisclosure(chosen > 0);
  // Other fields after each clearing: what was typed a moment ago must not come back.
  const [cleared, setCleared] = useState(0);
  const of = fieldsOf(filters, change, error);
  return (
    <search aria-label="Filters">
      <Fragment key={cleared}>
        <UsualFields of={of} filters={filters} change={change} />
        <Collapse expanded={opened}>
          <FurtherFields of={of} />
        </Collapse>
      </Fragment>
      <Group gap="xs" mt="xs">
        <Button
          size="compact-xs"
          variant="subtle"
          leftSection={<IconFilter size={14} aria-hidden />}
          aria-expanded={opened}
          onClick={toggle}
        >
          {opened ? 'Fewer filters' : `More filters${chosen > 0 ? ` (${chosen})` : ''}`}
        </Button>
        {Object.keys(filters).length > 0 && (
          <Button
            size="compact-xs"
            variant="subtle"
            leftSection={<IconX size={14} aria-hidden />}
            onClick={() => {
              setCleared(cleared + 1);
              clear();
            }}
          >
            Clear all filters
          </Button>
        )}
      </Group>
    </search>
  );
}

type Fields = ReturnType<typeof fieldsOf>;

/** What each field has, and what it does. */
function fieldsOf(filters: Filters, change: ChangeFilters, error: unknown) {
  const problems = error instanceof ApiError ? error.errors : [];
  const problemOf = (name: FilterName) => problems.find(({ path }) => path === name)?.message;
  return {
    typed: (name: FilterName): Field => ({
      kept: filters[name] ?? '',
      keep: (value) => change({ [name]: value }, { replace: true }),
      error: problemOf(name),
    }),
    select: (name: FilterName) => ({
      value: filters[name] ?? null,
      onChange: (value: string | null) => change({ [name]: value ?? '' }),
      error: problemOf(name),
      clearable: true,
      size: 'xs' as const,
    }),
  };
}

function UsualFields({ of, filters, change }: { of: Fields; filters: Filters; change: ChangeFilters }) {
  return (
    <>
      <SimpleGrid cols={{ base: 2, md: 5 }} spacing="xs" verticalSpacing="xs">
        <TextFilter
          field={of.typed('q')}
          label="Find"
          placeholder="Token value, reference or id"
          leftSection={<IconSearch size={14} aria-hidden />}
        />
        <NameFilter field={of.typed('integration')} input={IntegrationInput} label="Integration" />
        <Select {...of.select('status')} label="Status" placeholder="Any" data={statuses} />
        <Select
          {...of.select('code')}
          label="What went wrong"
          placeholder="Anything"
          data={codes}
          searchable
          limit={30}
        />
        <TimeRange filters={filters} change={change} />
      </SimpleGrid>
      <FreeRange filters={filters} change={change} />
    </>
  );
}

function FurtherFields({ of }: { of: Fields }) {
  return (
    <SimpleGrid cols={{ base: 2, md: 5 }} spacing="xs" verticalSpacing="xs" mt="xs">
      <NameFilter field={of.typed('command')} input={CommandInput} label="Command" />
      <Select {...of.select('side')} label="Whose move it is" placeholder="Anybody's" data={sidesByWord} />
      <Select {...of.select('lane')} label="Lane" placeholder="Both" data={lanes} />
      <TextFilter field={of.typed('httpStatus')} label="HTTP status" placeholder="503" inputMode="numeric" />
      <TextFilter field={of.typed('reference')} label="Reference" />
      <TextFilter field={of.typed('batch')} label="Batch" placeholder="Its id" />
      <TextFilter field={of.typed('account')} label="Account" />
    </SimpleGrid>
  );
}

const statuses = invocationStatuses.map((value) => ({ value, label: statusWords[value] }));
const sidesByWord = sides.map((value) => ({ value, label: upperFirst(sideWords[value]) }));
const lanes = Object.entries(laneWords).map(([value, label]) => ({ value, label }));
const codes = errorCodes.map((value: ErrorCode) => ({ value, label: `${codeTitle(value)} (${value})` }));

type Field = { kept: string; keep: (value: string) => void; error: string | undefined };

function TextFilter({ field: { kept, keep, error }, ...rest }: { field: Field } & TextInputProps) {
  const { text, type } = useTyped(kept, keep);
  return (
    <TextInput
      {...rest}
      size="xs"
      error={error}
      value={text}
      onChange={({ currentTarget }) => type(currentTarget.value)}
    />
  );
}

type NameFilterProps = { field: Field; input: typeof IntegrationInput; label: string };

function NameFilter({ field: { kept, keep, error }, input: Input, label }: NameFilterProps) {
  const { text, type } = useTyped(kept, keep);
  return <Input label={label} placeholder="Any" size="xs" error={error} value={text} onChange={type} />;
}
