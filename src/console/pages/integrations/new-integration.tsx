import { Button, Group, Select, Stack, TextInput } from '@mantine/core';
import { type UseFormReturnType, useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { ApiError } from '../../../client/errors.ts';
import { client } from '../../client.ts';
import { EgressAddresses } from '../../parts/egress-addresses.tsx';
import { ErrorNotice } from '../../parts/error-notice.tsx';
import { placeErrors } from '../../parts/form-errors.ts';
import { refreshIntegrations } from '../../parts/integration-queries.ts';
import { Page } from '../../parts/page.tsx';
import { integrationPath } from '../../parts/paths.ts';
import { useSession } from '../../session.tsx';
import { duplicateNames, type NamedRow, recordOf, rowField } from './named-row-values.ts';
import { VariableRows } from './named-rows.tsx';

type Values = { name: string; id: string; account: string; variables: NamedRow[] };

export default function NewIntegration() {
  return (
    <Page title="New integration" about="A customer's own system, and how it is called.">
      <NewIntegrationForm />
    </Page>
  );
}

function NewIntegrationForm() {
  const { accounts } = useSession();
  const navigate = useNavigate();
  const form = useForm<Values>({
    initialValues: { name: '', id: '', account: accounts === '*' ? '' : (accounts[0] ?? ''), variables: [] },
    validate: ({ name, id, variables }) => ({
      ...(name.trim() === '' ? { name: 'is required' } : {}),
      ...(id === '' ? { id: 'is required' } : {}),
      ...duplicateNames('variables', variables),
    }),
  });
  const [rest, setRest] = useState<unknown>(null);
  const creating = useMutation({
    mutationFn: create,
    onSuccess: () => void refreshIntegrations(),
    onError: (error, { variables }) => {
      const placed = placeErrors(
        error,
        (path) => fieldOf(path) ?? rowField(path, 'variables.', 'variables', variables),
      );
      form.setErrors(placed.fields);
      setRest(placed.rest);
    },
  });
  // Not for whoever has gone elsewhere meanwhile: this one is not called then.
  const submit = (values: Values) =>
    creating.mutate(values, { onSuccess: ({ id }) => void navigate(integrationPath(id)) });
  return (
    <form onSubmit={form.onSubmit(submit)} noValidate>
      <Stack gap="md" maw={640}>
        <EgressAddresses />
        <NameAndId form={form} />
        <AccountField form={form} />
        <VariableRows form={form} />
        {creating.isError && rest !== null && <ErrorNotice error={rest} />}
        <Group gap="xs">
          <Button type="submit" loading={creating.isPending}>
            Add integration
          </Button>
          <Button component={Link} to="/integrations" variant="default">
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

type FormProps = { form: UseFormReturnType<Values> };

function NameAndId({ form }: FormProps) {
  const [ownId, setOwnId] = useState(false);
  const nameProps = form.getInputProps('name');
  const idProps = form.getInputProps('id');
  return (
    <>
      <TextInput
        {...nameProps}
        label="Name"
        withAsterisk
        placeholder="Acme invoices"
        maxLength={200}
        onChange={(event) => {
          nameProps.onChange(event);
          if (!ownId) form.setFieldValue('id', slugOf(event.currentTarget.value));
        }}
      />
      <TextInput
        {...idProps}
        label="Id"
        description="Stands in addresses, jobs and logs, and cannot be changed: lower-case letters, digits, - and _."
        withAsterisk
        placeholder="acme-invoices"
        maxLength={63}
        onChange={(event) => {
          setOwnId(event.currentTarget.value !== '');
          idProps.onChange(event);
        }}
      />
    </>
  );
}

/** Whoever is for one account only has nothing to choose. */
function AccountField({ form }: FormProps) {
  const { accounts } = useSession();
  const props = form.getInputProps('account');
  if (accounts === '*') {
    const about = 'Whose integration it is, as the billing system calls them. It cannot be changed.';
    return <TextInput {...props} label="Account" description={about} placeholder="default" maxLength={200} />;
  }
  if (accounts.length === 1) return null;
  return <Select {...props} label="Account" data={accounts} allowDeselect={false} searchable />;
}

const fieldOf = (path: string) => (path === 'id' || path === 'name' || path === 'account' ? path : null);

/** "Acme Invoices, Ltd." → "acme-invoices-ltd". */
function slugOf(name: string): string {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return plain
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
}

/** @throws ApiError also where there is one with this id already: PUT would replace it */
async function create({ id, name, account, variables }: Values) {
  const taken = await client.getIntegration(id).then(
    () => true,
    (error) => {
      if (error instanceof ApiError && error.status === 404) return false;
      throw error;
    },
  );
  if (taken) throw idIsTaken(`There is an integration "${id}" already.`, 'is taken');
  const body = { name: name.trim(), type: 'custom' as const, variables: recordOf(variables) };
  try {
    return await client.putIntegration(id, account.trim() === '' ? body : { ...body, account: account.trim() });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) throw idIsTaken(error.problem.detail, 'cannot be used');
    throw error;
  }
}

function idIsTaken(detail: string, message: string): ApiError {
  const type = 'urn:errand:problem:conflict';
  return new ApiError({ type, title: 'Conflict', status: 409, detail, errors: [{ path: 'id', message }] });
}
