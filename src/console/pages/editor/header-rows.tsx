import { ActionIcon, Button, Fieldset, Group, Input, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { filledHeaders, type HeaderRow, headerRow } from './draft.ts';
import { useEditor } from './editor-context.ts';
import { TokenField } from './token-field.tsx';

/** The request's headers: names are literal, values may hold tokens. */
export function HeaderRows() {
  const { draft, change, checking, readOnly } = useEditor();
  const added = useRef<number>(null);
  const filled = filledHeaders(draft);
  const set = (id: number, part: Partial<HeaderRow>) =>
    change({ headers: draft.headers.map((row) => (row.id === id ? { ...row, ...part } : row)) });
  const add = () => {
    const row = headerRow();
    added.current = row.id;
    change({ headers: [...draft.headers, row] });
  };
  return (
    <Fieldset legend="Headers" variant="unstyled" className="editor-fields">
      <Stack gap="xs">
        {draft.headers.length === 0 && (
          <Text size="sm" c="dimmed">
            None but those that every request has: User-Agent, Idempotency-Key and traceparent.
          </Text>
        )}
        {draft.headers.map((row, position) => (
          <HeaderFields
            key={row.id}
            row={row}
            number={position + 1}
            path={`request.headers.${filled.indexOf(row)}`}
            isNew={row.id === added.current}
            set={(part) => set(row.id, part)}
            remove={() => change({ headers: draft.headers.filter(({ id }) => id !== row.id) })}
          />
        ))}
        {checking.errors
          .filter(({ path }) => path === 'request.headers')
          .map(({ message }) => (
            <Input.Error key={message}>{message}</Input.Error>
          ))}
        {!readOnly && (
          <Group>
            <Button variant="default" size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={add}>
              Add Header
            </Button>
          </Group>
        )}
      </Stack>
    </Fieldset>
  );
}

type HeaderFieldsProps = {
  row: HeaderRow;
  number: number;
  path: string;
  isNew: boolean;
  set: (part: Partial<HeaderRow>) => void;
  remove: () => void;
};

function HeaderFields({ row, number, path, isNew, set, remove }: HeaderFieldsProps) {
  const { checking, readOnly } = useEditor();
  const key = useRef<HTMLInputElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the row comes
  useEffect(() => {
    if (isNew) key.current?.focus();
  }, []);
  return (
    <div className="editor-header">
      <TextInput
        ref={key}
        aria-label={`Name of header ${number}`}
        placeholder="Content-Type"
        value={row.key}
        readOnly={readOnly}
        spellCheck={false}
        autoComplete="off"
        onChange={({ currentTarget }) => set({ key: currentTarget.value })}
        error={checking.errorsAt(`${path}.key`)[0]}
      />
      <TokenField
        label={`Value of header ${number}`}
        labelHidden
        path={`${path}.value`}
        value={row.value}
        onChange={(value) => set({ value })}
        hint="application/json"
      />
      {!readOnly && (
        <ActionIcon
          variant="subtle"
          color="gray"
          size="input-sm"
          aria-label={`Remove header ${row.key === '' ? number : row.key}`}
          onClick={remove}
        >
          <IconX size={16} aria-hidden />
        </ActionIcon>
      )}
    </div>
  );
}
