import { Button, Code, Group, Stack, Text, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { Integration } from '../../../contract/integration.ts';
import { client } from '../../client.ts';
import { ErrorNotice } from '../../parts/error-notice.tsx';
import { type Fact, Facts } from '../../parts/facts.tsx';
import { placeErrors } from '../../parts/form-errors.ts';
import { useFreshValues } from '../../parts/fresh-values.ts';
import { refreshIntegrations, useSecrets } from '../../parts/integration-queries.ts';
import { LeaveGuard } from '../../parts/leave-guard.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { told } from '../../parts/tell.ts';
import { useCan } from '../../session.tsx';
import { AuthenticationFields, KindField } from './authentication-fields.tsx';
import {
  type AuthField,
  authenticationOf,
  authenticationPatch,
  fieldsOf,
  formField,
  kinds,
  missing,
  ofKind,
  tlsFields,
  type Values,
  valuesOf,
} from './authentication-values.ts';

type Of = { integration: Integration };

/** How Errand says who it is to their server. */
export function AuthenticationTab({ integration }: Of) {
  const query = useSecrets(integration.id);
  if (!useCan('integrations.write')) return <InWords integration={integration} />;
  return (
    <Loaded query={query}>
      {({ items }) => <AuthenticationForm integration={integration} secrets={items.map(({ name }) => name)} />}
    </Loaded>
  );
}

function AuthenticationForm({ integration, secrets }: Of & { secrets: readonly string[] }) {
  const form = useForm<Values>({ initialValues: valuesOf(integration), validate: missing });
  const undo = useFreshValues(form, valuesOf(integration));
  const [rest, setRest] = useState<unknown>(null);
  const saving = useMutation({
    mutationFn: (values: Values) =>
      client.patchIntegration(
        integration.id,
        authenticationPatch(authenticationOf(form.getInitialValues()), authenticationOf(values)),
      ),
    onSuccess: async (saved) => {
      form.setInitialValues(valuesOf(saved));
      form.setValues(valuesOf(saved));
      told('The authentication is saved');
      await refreshIntegrations();
    },
    onError: (error, values) => {
      const placed = placeErrors(error, (path) => formField(path, values));
      form.setErrors(placed.fields);
      setRest(placed.rest);
    },
  });
  const values = form.getValues();
  const choose = (type: Values['type']) => {
    form.setValues({ type, auth: ofKind(type, form.getValues()) });
    form.clearErrors();
  };
  return (
    <form onSubmit={form.onSubmit((typed) => saving.mutate(typed))} noValidate>
      <LeaveGuard dirty={form.isDirty()} what="the authentication" />
      <Stack gap="md" maw={640}>
        <KindField value={values.type} onChange={choose} />
        <AuthenticationFields form={form} part="auth" fields={fieldsOf(values.type)} secrets={secrets} />
        <Title order={2} size="h4">
          TLS
        </Title>
        <AuthenticationFields form={form} part="tls" fields={tlsFields} secrets={secrets} />
        {saving.isError && rest !== null && <ErrorNotice error={rest} />}
        <Group gap="xs">
          <Button type="submit" loading={saving.isPending} disabled={!form.isDirty()}>
            Save authentication
          </Button>
          {form.isDirty() && (
            <Button variant="default" onClick={undo}>
              Undo changes
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  );
}

function InWords({ integration }: Of) {
  const { type, auth, tls } = valuesOf(integration);
  const factsOf = (fields: readonly AuthField[], values: Record<string, string>): Fact[] =>
    fields.map(({ name, label, of }) => ({ name: label, value: shown(of, values[name] ?? '') }));
  const ofTls = factsOf(tlsFields, tls).filter(({ value }) => value !== null);
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        How Errand says who it is to their server. Your role does not allow to change it.
      </Text>
      <Facts facts={[{ name: 'Kind', value: type === '' ? 'None' : kinds[type].label }]} />
      {type !== '' && <Facts facts={factsOf(fieldsOf(type), auth)} />}
      {ofTls.length > 0 && (
        <>
          <Title order={2} size="h4">
            TLS
          </Title>
          <Facts facts={ofTls} />
        </>
      )}
    </Stack>
  );
}

function shown(of: AuthField['of'], value: string) {
  if (typeof of !== 'string') return of.find((choice) => choice.value === value)?.label ?? value;
  if (value === '') return null;
  return <Code block={of === 'long'}>{value}</Code>;
}
