import { Code, Stack, Text, Title } from '@mantine/core';
import type { Integration } from '../../../contract/integration.ts';
import { client } from '../../client.ts';
import { type Fact, Facts } from '../../parts/facts.tsx';
import { useSecrets } from '../../parts/integration-queries.ts';
import { Loaded } from '../../parts/loaded.tsx';
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
import { SavedPartForm, useSavedPart } from './saved-part.tsx';

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
  const what = 'authentication';
  const part = useSavedPart<Values>({
    integration,
    what,
    valuesOf,
    validate: missing,
    save: (values, shown) =>
      client.patchIntegration(integration.id, authenticationPatch(authenticationOf(shown), authenticationOf(values))),
    field: formField,
  });
  const { form } = part;
  const values = form.getValues();
  const choose = (type: Values['type']) => {
    form.setValues({ type, auth: ofKind(type, form.getValues()) });
    form.clearErrors();
  };
  return (
    <SavedPartForm part={part} what={what}>
      <KindField value={values.type} onChange={choose} />
      <AuthenticationFields form={form} part="auth" fields={fieldsOf(values.type)} secrets={secrets} />
      <Title order={2} size="h4">
        TLS
      </Title>
      <AuthenticationFields form={form} part="tls" fields={tlsFields} secrets={secrets} />
    </SavedPartForm>
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
