import { NativeSelect, Select, Stack, Textarea, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { type AuthField, kinds, type Values } from './authentication-values.ts';

type Kind = Values['type'];

const choices = [
  { value: '', label: 'None: only what commands send themselves' },
  ...Object.entries(kinds).map(([value, { label }]) => ({ value, label })),
];

export function KindField({ value, onChange }: { value: Kind; onChange: (kind: Kind) => void }) {
  return (
    <NativeSelect
      label="Kind"
      description="How Errand says who it is to their server, in every request of the integration."
      data={choices}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value as Kind)}
    />
  );
}

type FieldsProps = {
  form: UseFormReturnType<Values>;
  part: 'auth' | 'tls';
  fields: readonly AuthField[];
  secrets: readonly string[];
};

export function AuthenticationFields({ form, part, fields, secrets }: FieldsProps) {
  return (
    <Stack gap="sm">
      {fields.map((field) => (
        <Field key={field.name} field={field} input={form.getInputProps(`${part}.${field.name}`)} secrets={secrets} />
      ))}
    </Stack>
  );
}

type Input = ReturnType<FieldsProps['form']['getInputProps']>;

function Field({ field, input, secrets }: { field: AuthField; input: Input; secrets: readonly string[] }) {
  const { label, of, optional, description } = field;
  const labelled = { ...input, label, description, withAsterisk: optional !== true };
  if (of === 'text') return <TextInput {...labelled} autoComplete="off" />;
  if (of === 'long') return <Textarea {...labelled} autosize minRows={2} maxRows={8} spellCheck={false} />;
  if (of !== 'secret') return <NativeSelect {...labelled} withAsterisk={false} data={[...of]} />;
  return (
    <Select
      {...labelled}
      value={input.value === '' ? null : input.value}
      onChange={(chosen) => input.onChange(chosen ?? '')}
      data={secrets.map((name) => ({ value: `{{${name}}}`, label: name }))}
      placeholder={secrets.length === 0 ? 'Save a secret first' : 'Choose a secret'}
      clearable={optional === true}
      clearButtonProps={{ 'aria-label': `No ${label}` }}
      searchable={secrets.length > 10}
    />
  );
}
