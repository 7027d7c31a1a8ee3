import {
  Fieldset,
  NumberInput,
  SegmentedControl,
  Select,
  SimpleGrid,
  Stack,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import type { Command } from '../../../contract/command.ts';
import type { CommandType } from '../../../contract/command-type.ts';
import { NamedRows } from './named-rows.tsx';
import type { ScheduleValues, What } from './schedule-values.ts';

type InForm = { form: UseFormReturnType<ScheduleValues> };
type Known = { commands: Command[]; types: CommandType[] };

const choices: { value: What; label: string }[] = [
  { value: 'values', label: 'A list' },
  { value: 'json', label: 'JSON' },
  { value: 'source', label: 'From a command' },
];

/** For what the command is run each time. */
export function ScheduleWhat({ form, commands, types }: InForm & Known) {
  const { what, command } = form.getValues();
  const tokens =
    types.find(({ name }) => name === command)?.tokens.filter(({ aliasOf }) => aliasOf === undefined) ?? [];
  return (
    <Fieldset legend="What it fetches">
      <Stack gap="sm">
        <SegmentedControl {...form.getInputProps('what')} data={choices} aria-label="What it fetches" fullWidth />
        {what === 'values' && <Values form={form} tokens={tokens.map(({ name }) => name)} />}
        {what === 'json' && (
          <Textarea
            {...form.getInputProps('json')}
            label="Items"
            description="One a line, with a value for each token: 10,000 at most"
            placeholder={'{"tokens":{"InvoiceNumber":"INV0000001"},"reference":"4711"}'}
            autosize
            minRows={4}
            maxRows={12}
            spellCheck={false}
          />
        )}
        {what === 'source' && <Source form={form} commands={commands} />}
      </Stack>
    </Fieldset>
  );
}

function Values({ form, tokens }: InForm & { tokens: string[] }) {
  const { token } = form.getValues();
  return (
    <>
      <Select
        {...form.getInputProps('token')}
        label="Token"
        data={token === '' || tokens.includes(token) ? tokens : [token, ...tokens]}
        allowDeselect={false}
        maw={280}
      />
      <Textarea
        {...form.getInputProps('lines')}
        label="Values"
        description="One a line: 10,000 at most"
        placeholder={'INV0000001\nINV0000002'}
        autosize
        minRows={4}
        maxRows={12}
        spellCheck={false}
      />
    </>
  );
}

function Source({ form, commands }: InForm & { commands: Command[] }) {
  const { command } = form.getValues();
  return (
    <>
      <Text size="sm" c="dimmed">
        Another command is asked first, and its JSON answer lists what to fetch: each night what changed since the last.
      </Text>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <Select
          {...form.getInputProps('sourceCommand')}
          label="Command that lists"
          withAsterisk
          data={commands.map(({ name }) => name).filter((name) => name !== command)}
          placeholder="Choose"
          allowDeselect={false}
        />
        <TextInput {...form.getInputProps('itemsPointer')} label="Where the items are" placeholder="/invoices" />
      </SimpleGrid>
      <NamedRows
        form={form}
        field="map"
        legend="Tokens of each item, and where their values are in it"
        one="token"
        placeholders={['InvoiceNumber', '/number']}
      />
      <NamedRows
        form={form}
        field="sourceTokens"
        legend="Tokens of the command that lists"
        one="value"
        placeholders={['Status', 'open']}
      />
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <TextInput
          {...form.getInputProps('nextPointer')}
          label="Where the next page is"
          placeholder="/next, if there are pages"
        />
        <NumberInput
          {...form.getInputProps('overlapSeconds')}
          label="Overlap (seconds)"
          placeholder="300"
          min={0}
          hideControls
        />
        <TextInput
          {...form.getInputProps('initialSince')}
          label="First time: what changed since"
          type="datetime-local"
        />
      </SimpleGrid>
    </>
  );
}
