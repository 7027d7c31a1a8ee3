import { Group, Select, TextInput } from '@mantine/core';
import { isoOf, localOf } from '../../parts/local-time.ts';
import { type Filters, ranges } from './filters.ts';
import type { ChangeFilters } from './use-filters.ts';

const free = 'free';
const options = [
  ...Object.entries(ranges).map(([value, { label }]) => ({ value, label })),
  { value: free, label: 'From … until …' },
];

/** When they were accepted: a range that moves along with the clock, or two times. */
export function TimeRange({ filters, change }: { filters: Filters; change: ChangeFilters }) {
  const { range, since, until } = filters;
  const isFree = since !== undefined || until !== undefined;
  const choose = (value: string | null) => {
    if (value === free) change({ range: '', since: startOfToday() });
    else change({ range: value ?? '', since: '', until: '' });
  };
  return (
    <Select
      label="Time"
      placeholder="Any time"
      size="xs"
      clearable
      data={options}
      value={isFree ? free : (range ?? null)}
      onChange={choose}
    />
  );
}

/** The two times, where that is what was chosen. */
export function FreeRange({ filters, change }: { filters: Filters; change: ChangeFilters }) {
  const { since, until } = filters;
  if (since === undefined && until === undefined) return null;
  const field = (name: 'since' | 'until', label: string) => (
    <TextInput
      type="datetime-local"
      step={1}
      size="xs"
      label={label}
      value={localOf(filters[name])}
      onChange={({ currentTarget }) => change({ [name]: isoOf(currentTarget.value) }, { replace: true })}
    />
  );
  return (
    <Group gap="xs" mt="xs" align="flex-end">
      {field('since', 'From')}
      {field('until', 'Until')}
    </Group>
  );
}

function startOfToday(): string {
  const now = new Date();
  now.setHours(0, 0, 0, 0);
  return now.toISOString();
}
