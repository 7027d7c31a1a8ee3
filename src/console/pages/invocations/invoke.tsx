import { ActionIcon, Button, Group, Input, Modal, SegmentedControl, Stack, TextInput } from '@mantine/core';
import { type UseFormReturnType, useForm } from '@mantine/form';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus, IconSend, IconX } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useNavigate } from 'react-router';
import type { Lane } from '../../../contract/lane.ts';
import { client } from '../../client.ts';
import { ErrorNotice } from '../../parts/error-notice.tsx';
import { placeErrors } from '../../parts/form-errors.ts';
import { useCommandTypes } from '../../parts/integration-queries.ts';
import { CommandInput, IntegrationInput } from '../../parts/names.tsx';
import { laneWords } from '../../words.ts';
import { bodyOf, emptyRow, fieldOf, type InvokeValues, rowsOf } from './invoke-body.ts';

/** For how long the form waits for the end; the invocation goes on whether it has come by then or not. */
const waitSeconds = 30;

/** "Invoke", and the form behind it; what comes of it is shown on its page. */
export function Invoke({ integration, command }: { integration: string | undefined; command: string | undefined }) {
  const [opened, { open, close }] = useDisclosure();
  return (
    <>
      <Button leftSection={<IconSend size={16} aria-hidden />} onClick={open}>
        Invoke
      </Button>
      <Modal opened={opened} onClose={close} title="Invoke a command" closeButtonProps={{ 'aria-label': 'Close' }}>
        <InvokeForm integration={integration ?? ''} command={command ?? ''} />
      </Modal>
    </>
  );
}

function InvokeForm({ integration, command }: { integration: string; command: string }) {
  const navigate = useNavigate();
  const form = useForm<InvokeValues>({
    initialValues: { integration, command, lane: 'interactive', reference: '', tokens: [] },
    validate: {
      integration: (value) => (value.trim() === '' ? 'Which integration?' : null),
      command: (value) => (value.trim() === '' ? 'Which command?' : null),
      tokens: { value: (value, { tokens }, path) => missing(tokens[Number(path.split('.')[1])], value) },
    },
  });
  const untilLeft = useUntilLeft();
  const invoke = useMutation({
    mutationFn: (values: InvokeValues) => client.enqueue(bodyOf(values), { waitSeconds, signal: untilLeft() }),
    onError: (error, values) => form.setErrors(placeErrors(error, (path) => fieldOf(path, values)).fields),
  });
  useRowsOfType(form);
  // Given here, it is not done any more once the form is closed: nobody wants to be carried off by then.
  const send = (values: InvokeValues) =>
    invoke.mutate(values, { onSuccess: ({ id }) => navigate(`/invocations/${id}`) });
  const { rest } = placeErrors(invoke.error, (path) => fieldOf(path, form.values));
  return (
    <form onSubmit={form.onSubmit(send)} noValidate>
      <Stack gap="sm">
        <IntegrationInput label="Integration" withAsterisk data-autofocus {...form.getInputProps('integration')} />
        <CommandInput label="Command" withAsterisk {...form.getInputProps('command')} />
        <TokenRows form={form} />
        <Input.Wrapper label="Lane" labelElement="div">
          <SegmentedControl fullWidth aria-label="Lane" data={lanes} {...form.getInputProps('lane')} />
        </Input.Wrapper>
        <TextInput label="Reference" description="Yours, to find it again" {...form.getInputProps('reference')} />
        {invoke.isError && rest !== null && <ErrorNotice error={rest} />}
        <Button type="submit" loading={invoke.isPending} leftSection={<IconSend size={16} aria-hidden />}>
          Send and wait for the answer
        </Button>
      </Stack>
    </form>
  );
}

/** Ends the waiting, not the invocation, when the form is closed. */
function useUntilLeft(): () => AbortSignal {
  const leaving = useRef<AbortController>(null);
  useEffect(() => () => leaving.current?.abort(), []);
  return () => {
    leaving.current = new AbortController();
    return leaving.current.signal;
  };
}

const lanes = (Object.entries(laneWords) as [Lane, string][]).map(([value, label]) => ({ value, label }));

const missing = (row: InvokeValues['tokens'][number] | undefined, value: string) =>
  row?.required && value === '' ? `{{${row.name}}} needs a value` : null;

/** The values that the command asks for, as soon as it is known which command it is. */
function useRowsOfType(form: UseFormReturnType<InvokeValues>) {
  const types = useCommandTypes();
  const type = types.data?.items.find(({ name }) => name === form.values.command.trim());
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another type brings other rows
  useEffect(() => form.setFieldValue('tokens', (before) => rowsOf(type, before)), [type?.name]);
}

function TokenRows({ form }: { form: UseFormReturnType<InvokeValues> }) {
  const { tokens } = form.values;
  const free = tokens.every(({ declared }) => !declared);
  return (
    <>
      {tokens.map((row, index) => {
        const input = form.getInputProps(`tokens.${index}.value`);
        const type = row.sensitive ? 'password' : 'text';
        if (row.declared) {
          return (
            <TextInput
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name while it is typed
              key={index}
              label={row.name}
              description={row.about}
              withAsterisk={row.required}
              type={type}
              autoComplete="off"
              {...input}
            />
          );
        }
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name while it is typed
          <Group key={index} gap="xs" align="flex-start" wrap="nowrap">
            <TextInput flex={1} label="Token" {...form.getInputProps(`tokens.${index}.name`)} />
            <TextInput flex={1} label="Value" {...input} />
            <ActionIcon
              mt={26}
              variant="subtle"
              color="gray"
              aria-label={`Remove ${row.name || 'this value'}`}
              onClick={() => form.removeListItem('tokens', index)}
            >
              <IconX size={16} aria-hidden />
            </ActionIcon>
          </Group>
        );
      })}
      {free && (
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => form.insertListItem('tokens', emptyRow)}
        >
          Add a value
        </Button>
      )}
    </>
  );
}
