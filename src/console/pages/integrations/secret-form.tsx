import { Button, Group, Modal, PasswordInput, Stack, TagsInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { Secret } from '../../../contract/integration.ts';
import { minHintedSecretLength, minSecretLength } from '../../../contract/integration-numbers.ts';
import { client } from '../../client.ts';
import { ErrorNotice } from '../../parts/error-notice.tsx';
import { placeErrors } from '../../parts/form-errors.ts';
import { refreshIntegrations } from '../../parts/integration-queries.ts';
import { useShownLast } from '../../parts/shown-last.ts';
import { told } from '../../parts/tell.ts';

type FormProps = { integration: string; secret: Secret | null; close: () => void };

/**
 * Saves a new secret, or replaces one: its value is never there to begin with. The dialog is there while it is closed,
 * too: only so does the focus go back.
 */
export function SecretForm({ isNew, integration, secret, close }: FormProps & { isNew: boolean }) {
  const opened = isNew || secret !== null;
  const shown = useShownLast(secret, opened);
  return (
    <Modal opened={opened} onClose={close} title={shown === null ? 'Add secret' : `Replace ${shown.name}`}>
      <Fields integration={integration} secret={shown} close={close} />
    </Modal>
  );
}

type Values = { name: string; value: string; allowedHosts: string[] };

function Fields({ integration, secret, close }: FormProps) {
  const form = useForm<Values>({
    initialValues: { name: secret?.name ?? '', value: '', allowedHosts: secret?.allowedHosts ?? [] },
    validate: {
      name: (name) => (name === '' ? 'is required' : null),
      value: (value) => (value === '' ? 'is required' : null),
    },
  });
  const [rest, setRest] = useState<unknown>(null);
  const saving = useMutation({
    mutationFn: ({ name, value, allowedHosts }: Values) =>
      client.putSecret(integration, name, value, allowedHosts.length === 0 ? {} : { allowedHosts }),
    onSuccess: async ({ name }) => {
      told(`${name} is saved`);
      close();
      await refreshIntegrations();
    },
    onError: (error) => {
      const placed = placeErrors(error, fieldOf);
      form.setErrors(placed.fields);
      setRest(placed.rest);
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => saving.mutate(values))} autoComplete="off" noValidate>
      <Stack gap="md">
        <TextInput
          {...form.getInputProps('name')}
          label="Name"
          withAsterisk
          placeholder="apiKey"
          description="The token it is used by: {{apiKey}}."
          readOnly={secret !== null}
          maxLength={100}
          data-autofocus={secret === null ? true : undefined}
        />
        <PasswordInput
          {...form.getInputProps('value')}
          label="Value"
          withAsterisk
          description={`At least ${minSecretLength} characters. From ${minHintedSecretLength} on, the first and last four are shown as a hint.`}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ 'aria-label': 'Show what is typed', tabIndex: 0 }}
          data-autofocus={secret === null ? undefined : true}
        />
        <TagsInput
          {...form.getInputProps('allowedHosts')}
          label="May go to"
          description="Hosts that requests with this secret may go to, such as api.acme.example or *.acme.example. None: any host."
          placeholder={form.getValues().allowedHosts.length === 0 ? 'any host' : undefined}
          splitChars={[',', ' ', '\n']}
          acceptValueOnBlur
        />
        {saving.isError && rest !== null && <ErrorNotice error={rest} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={saving.isPending}>
            Save secret
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function fieldOf(path: string): string | null {
  if (path === 'name' || path === 'value') return path;
  return path === 'allowedHosts' || path.startsWith('allowedHosts.') ? 'allowedHosts' : null;
}
