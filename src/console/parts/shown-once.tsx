import { Alert, Button, CopyButton, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';

type ShownOnceProps = {
  value: string;
  /** Its field's name: "API key". */
  name: string;
  /** In a word: "key". */
  what: string;
  /** Why it is not shown again: "it is kept as a hash only". */
  why: string;
  close: () => void;
};

/** The one time that a key or a secret is seen, in place of the form that made it. */
export function ShownOnce({ value, name, what, why, close }: ShownOnceProps) {
  const field = useRef<HTMLInputElement>(null);
  // The button that made it is gone, and the focus with it.
  useEffect(() => field.current?.focus(), []);
  return (
    <Stack gap="md">
      <Alert color="orange" variant="light" p="xs">
        Copy it now: {why}, and cannot be shown again.
      </Alert>
      <TextInput
        ref={field}
        label={name}
        value={value}
        readOnly
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        onFocus={({ currentTarget }) => currentTarget.select()}
      />
      <Group justify="flex-end" gap="xs">
        <CopyButton value={value}>
          {({ copied, copy }) => (
            <Button
              variant="light"
              leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
              onClick={copy}
            >
              {copied ? 'Copied' : `Copy ${what}`}
            </Button>
          )}
        </CopyButton>
        <Button onClick={close}>Done</Button>
      </Group>
      <Text size="xs" c="dimmed">
        Without a clipboard, click on the {what}: all of it is selected.
      </Text>
    </Stack>
  );
}
