import { NativeSelect, type NativeSelectProps, TextInput } from '@mantine/core';

type Choice = { value: string; label: string };

type ChoiceFieldProps = Pick<NativeSelectProps, 'description' | 'inputWrapperOrder'> & {
  label: string;
  choices: readonly Choice[];
  value: string;
  onChange: (value: string) => void;
  readOnly: boolean;
  error: string | undefined;
};

/** One of a few. Who may not choose can still read it: a select cannot be for reading only. */
export function ChoiceField({ choices, value, onChange, readOnly, error, ...input }: ChoiceFieldProps) {
  if (readOnly) {
    const chosen = choices.find((choice) => choice.value === value)?.label ?? value;
    return <TextInput {...input} value={chosen} readOnly />;
  }
  return (
    <NativeSelect
      {...input}
      data={[...choices]}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
      error={error}
    />
  );
}
