import { Button, Group, NumberInput, Select, SimpleGrid, Stack, Switch, Text, TextInput } from '@mantine/core';
import { type UseFormReturnType, useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError } from '../../../client/errors.ts';
import type { Command } from '../../../contract/command.ts';
import type { CommandType } from '../../../contract/command-type.ts';
import type { Schedule } from '../../../contract/schedule.ts';
import { client } from '../../client.ts';
import { cronWords } from '../../parts/cron-words.ts';
import { ErrorNotice } from '../../parts/error-notice.tsx';
import { placeErrors } from '../../parts/form-errors.ts';
import { refreshIntegrations, useCommands, useCommandTypes } from '../../parts/integration-queries.ts';
import { PageLoading } from '../../parts/page-loading.tsx';
import { told } from '../../parts/tell.ts';
import {
  bodyOf,
  fieldOf,
  itemMessage,
  newSchedule,
  problemsOf,
  type ScheduleValues,
  valuesOf,
} from './schedule-values.ts';
import { ScheduleWhat } from './schedule-what.tsx';

type FormProps = { integration: string; schedule: Schedule | null; taken: string[]; close: () => void };

/** What a schedule is made of. Loaded apart: what puts times in words is large. */
export default function ScheduleForm(props: FormProps) {
  const commands = useCommands(props.integration);
  const types = useCommandTypes();
  const error = commands.error ?? types.error;
  return (
    <>
      {error !== null && <ErrorNotice error={error} />}
      {commands.data && types.data ? (
        <Fields {...props} commands={commands.data.items} types={types.data.items} />
      ) : (
        error === null && <PageLoading />
      )}
    </>
  );
}

type Known = { commands: Command[]; types: CommandType[] };

function Fields({ integration, schedule, taken, close, commands, types }: FormProps & Known) {
  const form = useForm<ScheduleValues>({
    initialValues: schedule === null ? blank(commands, types) : valuesOf(schedule),
    validate: (values) => ({
      ...problemsOf(values),
      // PUT would replace it.
      ...(schedule === null && taken.includes(values.name) ? { name: 'is taken' } : {}),
    }),
  });
  const [rest, setRest] = useState<unknown>(null);
  const saving = useMutation({
    mutationFn: (values: ScheduleValues) => client.putSchedule(integration, values.name, bodyOf(values, schedule)),
    onSuccess: async ({ name }) => {
      told(`${name} is saved`);
      close();
      await refreshIntegrations();
    },
    onError: (error, values) => {
      const placed = placeErrors(withItems(error), (path) => fieldOf(path, values));
      form.setErrors(placed.fields);
      setRest(placed.rest);
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => saving.mutate(values))} noValidate>
      <Stack gap="md">
        <NameAndCommand form={form} commands={commands} isNew={schedule === null} />
        <Times form={form} isNew={schedule === null} />
        <ScheduleWhat form={form} commands={commands} types={types} />
        {saving.isError && rest !== null && <ErrorNotice error={rest} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={saving.isPending}>
            Save schedule
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function blank(commands: Command[], types: CommandType[]): ScheduleValues {
  const [only] = commands;
  const token = types.find(({ name }) => name === only?.name)?.tokens.find(({ required }) => required)?.name ?? '';
  return newSchedule(only?.name ?? '', token, Intl.DateTimeFormat().resolvedOptions().timeZone);
}

function withItems(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  const errors = error.errors.map(({ path, message }) => ({ path, message: itemMessage(path, message) }));
  return new ApiError({ ...error.problem, errors });
}

type InForm = { form: UseFormReturnType<ScheduleValues> };

function NameAndCommand({ form, commands, isNew }: InForm & { commands: Command[]; isNew: boolean }) {
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
      <TextInput
        {...form.getInputProps('name')}
        label="Name"
        withAsterisk
        readOnly={!isNew}
        maxLength={64}
        data-autofocus={isNew ? true : undefined}
      />
      <Select
        {...form.getInputProps('command')}
        label="Command"
        withAsterisk
        data={commands.map(({ name }) => name)}
        allowDeselect={false}
        placeholder={commands.length === 0 ? 'Configure one first' : 'Choose'}
      />
    </SimpleGrid>
  );
}

const zones = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];

function Times({ form, isNew }: InForm & { isNew: boolean }) {
  const { cron, timezone } = form.getValues();
  const words = cronWords(cron);
  const hours = { min: 0, hideControls: true, decimalScale: 2 } as const;
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <TextInput
          {...form.getInputProps('cron')}
          label="When"
          withAsterisk
          description="Minute, hour, day, month, weekday"
          placeholder="0 2 * * *"
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          data-autofocus={isNew ? undefined : true}
          maxLength={200}
        />
        <Select
          {...form.getInputProps('timezone')}
          label="Time zone"
          description="Whose clock it goes by"
          data={zones.includes(timezone) ? zones : [timezone, ...zones]}
          searchable
          limit={100}
          allowDeselect={false}
        />
      </SimpleGrid>
      <Text size="sm" role="status">
        {words === null ? 'This cannot be read as a time yet.' : `${words}, by the clock of ${timezone}.`}
      </Text>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <NumberInput
          {...form.getInputProps('spreadMinutes')}
          {...hours}
          label="Spread over (minutes)"
          description="Begins up to so much later"
          placeholder="0"
        />
        <NumberInput
          {...form.getInputProps('finishHours')}
          {...hours}
          label="Finish within (hours)"
          description="What has not ended by then fails"
          placeholder="no end"
        />
      </SimpleGrid>
      <Switch {...form.getInputProps('enabled', { type: 'checkbox' })} label="Enabled: it runs by itself" />
    </>
  );
}
