import { ActionIcon, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useRef } from 'react';
import type { NamedRow, WithVariables } from './named-row-values.ts';
import { PlainFieldset } from './plain-fieldset.tsx';

type RowsProps<Values> = {
  form: UseFormReturnType<Values>;
  /** The form's field that has the rows. */
  field: string;
  legend: string;
  /** What a row is called. */
  one: string;
  placeholders: [name: string, value: string];
  about?: string;
};

/** Names and values, one row each. */
export function NamedRows<Values>({ form: given, field, legend, one, placeholders, about }: RowsProps<Values>) {
  // It knows nothing of the form but where its rows are.
  const form = given as unknown as UseFormReturnType<Record<string, NamedRow[]>>;
  const rows = form.getValues()[field] ?? [];
  const add = useRef<HTMLButtonElement>(null);
  const remove = (index: number) => {
    form.removeListItem(field, index);
    // The button that was pressed is gone with its row.
    add.current?.focus();
  };
  return (
    <PlainFieldset legend={legend}>
      <Stack gap="xs">
        {about !== undefined && (
          <Text size="sm" c="dimmed">
            {about}
          </Text>
        )}
        {rows.map(({ name }, index) => {
          const called = name === '' ? `${one} ${index + 1}` : name;
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a row is known by its place only
            <Group key={index} gap="xs" align="flex-start" wrap="nowrap">
              <TextInput
                {...form.getInputProps(`${field}.${index}.name`)}
                aria-label={`Name of ${one} ${index + 1}`}
                placeholder={placeholders[0]}
                flex={1}
                maxLength={100}
              />
              <TextInput
                {...form.getInputProps(`${field}.${index}.value`)}
                aria-label={`Value of ${called}`}
                placeholder={placeholders[1]}
                flex={2}
                maxLength={8192}
              />
              <ActionIcon
                variant="subtle"
                color="gray"
                size="input-sm"
                aria-label={`Remove ${called}`}
                onClick={() => remove(index)}
              >
                <IconTrash size={16} aria-hidden />
              </ActionIcon>
            </Group>
          );
        })}
        <div>
          <Button
            ref={add}
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => form.insertListItem(field, { name: '', value: '' })}
          >
            Add {one}
          </Button>
        </div>
      </Stack>
    </PlainFieldset>
  );
}

/** An integration's variables. */
export function VariableRows<Values extends WithVariables>({ form }: { form: UseFormReturnType<Values> }) {
  return (
    <NamedRows
      form={form}
      field="variables"
      legend="Variables"
      one="variable"
      placeholders={['companyId', '77']}
      about="Values that can be read, for use as tokens: a company id, a base URL. Keys and passwords are secrets."
    />
  );
}
