import { Button, Checkbox, Group, Stack, TextInput } from '@mantine/core';
import { type UseFormReturnType, useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { endpointEvents, eventsProblem, type NotificationEndpoint } from '../../../contract/notification.ts';
import { webhookUrlProblem } from '../../../contract/webhook-url.ts';
import { client } from '../../client.ts';
import { AccountsField } from '../../parts/accounts-field.tsx';
import { accountsProblem, chosenAccounts } from '../../parts/accounts-values.ts';
import { ErrorNotice } from '../../parts/error-notice.tsx';
import { placeErrors } from '../../parts/form-errors.ts';
import { told } from '../../parts/tell.ts';
import { useSession } from '../../session.tsx';
import { endpointName } from './delivery-words.ts';
import { bodyOf, type EndpointValues, fieldOf, patchOf, valuesOf } from './endpoint-values.ts';
import { eventAbout, eventWords } from './event-words.ts';
import { refreshNotifications } from './notification-queries.ts';

export const savingKey = ['save-endpoint'];

type FormProps = { endpoint: NotificationEndpoint | null; made: (secret: string) => void; close: () => void };

/** What an endpoint is made of. */
export function EndpointForm({ endpoint, made, close }: FormProps) {
  const { accounts } = useSession();
  const before = valuesOf(endpoint ?? { name: null, url: '', events: [], accounts });
  const form = useForm<EndpointValues>({
    initialValues: before,
    validate: {
      url: (url) => (url.trim() === '' ? 'is required' : webhookUrlProblem(url.trim())),
      events: (events, values) =>
        events.length === 0 ? 'choose one at least' : eventsProblem(events, chosenAccounts(values)),
      accounts: (_, values) => accountsProblem(values),
    },
  });
  const [rest, setRest] = useState<unknown>(null);
  const saving = useMutation({
    mutationKey: savingKey,
    mutationFn: (values: EndpointValues) => save(endpoint, values, form.getInitialValues()),
    onSuccess: (saved) => {
      if (saved.secret === undefined) {
        told(`${endpointName(saved)} is saved`);
        close();
      } else made(saved.secret);
      return refreshNotifications();
    },
    onError: (error) => {
      const placed = placeErrors(error, fieldOf);
      form.setErrors(placed.fields);
      setRest(placed.rest);
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => saving.mutate(values))} noValidate>
      <Stack gap="md">
        <NameAndUrl form={form} />
        <EventsField form={form} />
        <AccountsField
          every={form.getInputProps('every')}
          accounts={form.getInputProps('accounts')}
          about="It is told only of what concerns them."
        />
        {saving.isError && rest !== null && <ErrorNotice error={rest} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close} disabled={saving.isPending}>
            Cancel
          </Button>
          <Button type="submit" loading={saving.isPending}>
            {endpoint === null ? 'Add endpoint' : 'Save endpoint'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** A new one comes with its secret. */
function save(
  endpoint: NotificationEndpoint | null,
  values: EndpointValues,
  before: EndpointValues,
): Promise<NotificationEndpoint & { secret?: string }> {
  if (endpoint === null) return client.createNotificationEndpoint(bodyOf(values));
  return client.updateNotificationEndpoint(endpoint.id, patchOf(values, before));
}

type InForm = { form: UseFormReturnType<EndpointValues> };

function NameAndUrl({ form }: InForm) {
  return (
    <>
      <TextInput
        {...form.getInputProps('name')}
        label="Name"
        description="What it is called here; without one, its host."
        placeholder="On call"
        maxLength={200}
        data-autofocus
      />
      <TextInput
        {...form.getInputProps('url')}
        label="URL"
        withAsterisk
        description="It gets a POST for each message, signed as Standard Webhooks says."
        placeholder="https://ops.example.com/errand"
        inputMode="url"
      />
    </>
  );
}

function EventsField({ form }: InForm) {
  return (
    <Checkbox.Group {...form.getInputProps('events')} label="Told of" withAsterisk>
      <Stack gap="xs" my={4}>
        {endpointEvents.map((event) => (
          <Checkbox key={event} value={event} label={eventWords[event]} description={eventAbout[event]} />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}
