import { TextInput, type TextInputProps } from '@mantine/core';
import { IntegrationInput } from './names.tsx';
import { useTyped } from './typed.ts';
import { useUrlState } from './url-state.ts';

type FilterFieldProps = Omit<TextInputProps, 'value' | 'onChange' | 'name'> & { name: string; label: string };

/** A filter of text in the address. */
export function FilterField({ name, ...props }: FilterFieldProps) {
  const { text, type, take } = useTyped(...useUrlState(name));
  return (
    <TextInput
      {...props}
      value={text}
      onChange={({ currentTarget }) => type(currentTarget.value)}
      onBlur={take}
      onKeyDown={({ key }) => key === 'Enter' && take()}
    />
  );
}

/** The integration of a list, by its id; those that there are come up while one types. */
export function IntegrationFilter() {
  const { text, type, take } = useTyped(...useUrlState('integration'));
  return <IntegrationInput label="Integration" placeholder="any" value={text} onChange={type} onBlur={take} />;
}
