import {
  Alert,
  Button,
  CopyButton,
  Group,
  Modal,
  Radio,
  Select,
  Stack,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core';
import { type UseFormReturnType, useForm } from '@mantine/form';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useIsMutating, useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { NewKey } from '../../../client/admin.ts';
import type { Role } from '../../../contract/api-key.ts';
import { client } from '../../client.ts';
import { ErrorNotice } from '../../parts/error-notice.tsx';
import { placeErrors } from '../../parts/form-errors.ts';
import { queries } from '../../queries.ts';
import { useSession } from '../../session.tsx';
import { roleWords } from './role-words.ts';

type Values = { name: string; role: Role; every: 'all' | 'some'; accounts: string[]; expiresAt: string };

const makingKey = ['new-key'];

/** Makes a key, and shows it: the only time that it is seen. */
export function NewKeyForm({ opened, close }: { opened: boolean; close: () => void }) {
  const [made, setMade] = useState<string | null>(null);
  const isMaking = useIsMutating({ mutationKey: makingKey }) > 0;
  // A key that was closed unseen, or came after that, would be valid and nobody's.
  const canLeave = made === null && !isMaking;
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={made === null ? 'Create key' : 'The new key'}
      closeOnEscape={canLeave}
      closeOnClickOutside={canLeave}
      withCloseButton={canLeave}
      onExitTransitionEnd={() => setMade(null)}
    >
      {made === null ? <Fields made={setMade} close={close} /> : <ShownOnce value={made} close={close} />}
    </Modal>
  );
}

function keyOf({ name, role, every, accounts, expiresAt }: Values): NewKey {
  return {
    role,
    accounts: every === 'all' ? '*' : accounts,
    ...(name.trim() === '' ? {} : { name: name.trim() }),
    ...(expiresAt === '' ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
  };
}

function Fields({ made, close }: { made: (key: string) => void; close: () => void }) {
  const { accounts } = useSession();
  const form = useForm<Values>({
    initialValues: {
      name: '',
      role: 'producer',
      every: accounts === '*' ? 'all' : 'some',
      accounts: accounts === '*' ? [] : [...accounts],
      expiresAt: '',
    },
    validate: {
      accounts: (value, { every }) => (every === 'some' && value.length === 0 ? 'name one at least' : null),
    },
  });
  const [rest, setRest] = useState<unknown>(null);
  const making = useMutation({
    mutationKey: makingKey,
    mutationFn: (values: Values) => client.createKey(keyOf(values)),
    onSuccess: async ({ key }) => {
      made(key);
      await queries.invalidateQueries({ queryKey: ['keys'] });
    },
    onError: (error) => {
      const placed = placeErrors(error, fieldOf);
      form.setErrors(placed.fields);
      setRest(placed.rest);
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => making.mutate(values))} noValidate>
      <Stack gap="md">
        <TextInput
          {...form.getInputProps('name')}
          label="Name"
          description="Who or what uses it: it stands in the audit log."
          placeholder="billing"
          data-autofocus
        />
        <RoleField form={form} />
        <AccountsField form={form} choose={accounts === '*'} />
        <TextInput
          {...form.getInputProps('expiresAt')}
          label="Expires"
          description="In your time zone; empty: never"
          type="datetime-local"
        />
        {making.isError && rest !== null && <ErrorNotice error={rest} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close} disabled={making.isPending}>
            Cancel
          </Button>
          <Button type="submit" loading={making.isPending}>
            Create key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

type InForm = { form: UseFormReturnType<Values> };

function RoleField({ form }: InForm) {
  return (
    <Select
      {...form.getInputProps('role')}
      label="Role"
      description={`May do: ${roleWords[form.getValues().role]}.`}
      data={Object.keys(roleWords)}
      allowDeselect={false}
    />
  );
}

function AccountsField({ form, choose }: InForm & { choose: boolean }) {
  const { every } = form.getValues();
  return (
    <>
      {choose && (
        <Radio.Group {...form.getInputProps('every')} label="Accounts">
          <Group gap="md" mt={4}>
            <Radio value="all" label="All" />
            <Radio value="some" label="Only these" />
          </Group>
        </Radio.Group>
      )}
      {every === 'some' && (
        <TagsInput
          {...form.getInputProps('accounts')}
          label={choose ? 'Which accounts' : 'Accounts'}
          description="What lies outside of them is not there for this key."
          acceptValueOnBlur
        />
      )}
    </>
  );
}

function fieldOf(path: string): string | null {
  if (path === 'accounts' || path.startsWith('accounts.')) return 'accounts';
  return path === 'name' || path === 'role' || path === 'expiresAt' ? path : null;
}

function ShownOnce({ value, close }: { value: string; close: () => void }) {
  return (
    <Stack gap="md">
      <Alert color="orange" variant="light" p="xs">
        Copy it now: it is kept as a hash only, and cannot be shown again.
      </Alert>
      <TextInput
        label="API key"
        value={value}
        readOnly
        ff="monospace"
        onFocus={({ currentTarget }) => currentTarget.select()}
        data-autofocus
      />
      <Group justify="flex-end" gap="xs">
        <CopyButton value={value}>
          {({ copied, copy }) => (
            <Button
              variant="light"
              leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
              onClick={copy}
            >
              {copied ? 'Copied' : 'Copy key'}
            </Button>
          )}
        </CopyButton>
        <Button onClick={close}>Done</Button>
      </Group>
      <Text size="xs" c="dimmed">
        Without a clipboard, click on the key: all of it is selected.
      </Text>
    </Stack>
  );
}
