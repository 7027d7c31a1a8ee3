import { Button, Group, Modal, Select, Stack, TextInput } from '@mantine/core';
import { type UseFormReturnType, useForm } from '@mantine/form';
import { useIsMutating, useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { NewKey } from '../../../client/admin.ts';
import type { Role } from '../../../contract/api-key.ts';
import { client } from '../../client.ts';
import { AccountsField } from '../../parts/accounts-field.tsx';
import {
  type AccountsValues,
  accountsFieldOf,
  accountsProblem,
  accountsValues,
  chosenAccounts,
} from '../../parts/accounts-values.ts';
import { waysOut } from '../../parts/ask-first.tsx';
import { ErrorNotice } from '../../parts/error-notice.tsx';
import { placeErrors } from '../../parts/form-errors.ts';
import { ShownOnce } from '../../parts/shown-once.tsx';
import { queries } from '../../queries.ts';
import { useSession } from '../../session.tsx';
import { roleWords } from './role-words.ts';

type Values = AccountsValues & { name: string; role: Role; expiresAt: string };

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
      {...waysOut(canLeave)}
      onExitTransitionEnd={() => setMade(null)}
    >
      {made === null ? (
        <Fields made={setMade} close={close} />
      ) : (
        <ShownOnce value={made} name="API key" what="key" why="it is kept as a hash only" close={close} />
      )}
    </Modal>
  );
}

function keyOf({ name, role, expiresAt, ...accounts }: Values): NewKey {
  return {
    role,
    accounts: chosenAccounts(accounts),
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
      ...accountsValues(accounts),
      expiresAt: '',
    },
    validate: { accounts: (_, values) => accountsProblem(values) },
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
        <AccountsField
          every={form.getInputProps('every')}
          accounts={form.getInputProps('accounts')}
          about="What lies outside of them is not there for this key."
        />
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

function fieldOf(path: string): string | null {
  return path === 'name' || path === 'role' || path === 'expiresAt' ? path : accountsFieldOf(path);
}
