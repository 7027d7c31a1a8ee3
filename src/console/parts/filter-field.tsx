import { Autocomplete, TextInput, type TextInputProps } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { client } from '../client.ts';
import { useCan } from '../session.tsx';
import { useUrlState } from './url-state.ts';

type FilterFieldProps = Omit<TextInputProps, 'value' | 'onChange' | 'name'> & { name: string; label: string };

/** A filter of text in the address; taken by Enter, or by leaving the field. */
export function FilterField({ name, ...props }: FilterFieldProps) {
  const [typed, setTyped, take] = useTaken(name);
  return (
    <TextInput
      {...props}
      value={typed}
      onChange={({ currentTarget }) => setTyped(currentTarget.value)}
      onBlur={() => take(typed)}
      onKeyDown={({ key }) => key === 'Enter' && take(typed)}
    />
  );
}

/** The integration of a list, by its id; those that there are come up while one types. */
export function IntegrationFilter() {
  const [typed, setTyped, take] = useTaken('integration');
  const [q] = useDebouncedValue(typed.trim(), 200);
  const mayLook = useCan('integrations.read');
  const { data: near = [] } = useQuery({
    queryKey: ['integrations', 'near', q],
    queryFn: async ({ signal }) => {
      const { items } = await client.listIntegrations({ ...(q === '' ? {} : { q }), limit: 20 }, { signal });
      return items.map(({ id }) => id);
    },
    enabled: mayLook,
    placeholderData: keepPreviousData,
  });
  return (
    <Autocomplete
      label="Integration"
      placeholder="any"
      data={near}
      // They fit already, by name too, which the field does not know.
      filter={({ options }) => options}
      value={typed}
      onChange={setTyped}
      onOptionSubmit={take}
      onBlur={() => take(typed)}
      onKeyDown={({ key }) => key === 'Enter' && take(typed)}
      comboboxProps={{ width: 'max-content', position: 'bottom-start' }}
    />
  );
}

/** What is typed beside what is taken; going back takes the field along. */
function useTaken(name: string): [typed: string, type: (text: string) => void, take: (text: string) => void] {
  const [chosen, choose] = useUrlState(name);
  const [typed, setTyped] = useState(chosen);
  useEffect(() => setTyped(chosen), [chosen]);
  const take = (text: string) => {
    if (text.trim() !== chosen) choose(text.trim());
  };
  return [typed, setTyped, take];
}
