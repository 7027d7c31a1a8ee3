import { Autocomplete, type AutocompleteProps } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { client } from '../client.ts';
import { useCan } from '../session.tsx';
import { useCommandTypes } from './integration-queries.ts';

/** An integration's id; those who may read integrations are shown the ones that fit. */
export function IntegrationInput({ value = '', ...props }: AutocompleteProps) {
  const [typed] = useDebouncedValue(value.trim(), 200);
  const found = useQuery({
    queryKey: ['integrations', { near: typed }],
    queryFn: ({ signal }) => client.listIntegrations({ limit: 20, ...(typed === '' ? {} : { q: typed }) }, { signal }),
    enabled: useCan('integrations.read'),
    staleTime: 30_000,
    placeholderData: (before) => before,
  });
  const names = new Map(found.data?.items.map(({ id, name }) => [id, name]));
  return (
    <Autocomplete
      {...props}
      value={value}
      data={[...names.keys()]}
      // What fits is the API's to say: it looks at names, too.
      filter={({ options }) => options}
      renderOption={({ option }) => (
        <span className="wrap-anywhere">
          {option.value} · {names.get(option.value)}
        </span>
      )}
      comboboxProps={{ width: 'max-content', position: 'bottom-start' }}
    />
  );
}

/** A command's name; those who may read command types are shown them. */
export function CommandInput(props: AutocompleteProps) {
  const types = useCommandTypes();
  return <Autocomplete {...props} data={types.data?.items.map(({ name }) => name) ?? []} />;
}
