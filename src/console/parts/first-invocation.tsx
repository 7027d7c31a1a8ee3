import { Anchor, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Link } from 'react-router';
import { client } from '../client.ts';
import { codeTitle, statusWords } from '../words.ts';
import { ErrorNotice } from './error-notice.tsx';
import { firstCommand } from './first-steps-taken.ts';
import { upperFirst } from './letters.ts';
import { invocationPath } from './paths.ts';

/** Fetches one invoice, waits for it, and leads to what came of it. */
export function FirstInvocation({ integration }: { integration: string }) {
  const [number, setNumber] = useState('');
  const invoking = useMutation({
    mutationFn: (InvoiceNumber: string) =>
      client.enqueue({ integration, command: firstCommand, tokens: { InvoiceNumber } }, { waitSeconds: 30 }),
  });
  const invoke = (event: FormEvent) => {
    event.preventDefault();
    invoking.mutate(number.trim());
  };
  return (
    <Stack gap="xs">
      <form onSubmit={invoke}>
        <Group gap="xs" align="flex-end">
          <TextInput
            size="xs"
            label="InvoiceNumber"
            required
            placeholder="INV0000001"
            value={number}
            onChange={({ currentTarget }) => setNumber(currentTarget.value)}
          />
          <Button type="submit" size="xs" loading={invoking.isPending}>
            Invoke
          </Button>
        </Group>
      </form>
      {invoking.isError && <ErrorNotice error={invoking.error} />}
      {invoking.data !== undefined && (
        <Text size="sm" role="status">
          {upperFirst(statusWords[invoking.data.status])}
          {invoking.data.error !== null && `: ${codeTitle(invoking.data.error.code, invoking.data.error.cause)}`}.{' '}
          <Anchor component={Link} to={invocationPath(invoking.data.id)} inherit>
            See what came of it
          </Anchor>
        </Text>
      )}
    </Stack>
  );
}
