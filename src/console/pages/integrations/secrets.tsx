import { ActionIcon, Button, Code, Group, Select, Stack, Text, Title, VisuallyHidden } from '@mantine/core';
import { IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import type { Integration, Secret } from '../../../contract/integration.ts';
import { minHintedSecretLength } from '../../../contract/integration-numbers.ts';
import { client } from '../../client.ts';
import { askFirst } from '../../parts/ask-first.tsx';
import { columnsOf, DataTable } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { refreshIntegrations, useSecrets } from '../../parts/integration-queries.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { failed } from '../../parts/tell.ts';
import { When } from '../../parts/when.tsx';
import { useCan } from '../../session.tsx';
import { SecretForm } from './secret-form.tsx';
import { useEditing } from './use-editing.ts';

type Of = { integration: Integration };
type Listed = Secret & { integration: string };

const column = columnsOf<Listed>();
const columns = [
  column.accessor('name', { header: 'Name', cell: ({ getValue }) => <b>{getValue()}</b> }),
  column.accessor('hint', {
    header: 'Value',
    cell: ({ getValue }) => {
      const hint = getValue();
      if (hint !== null) return <Code>{hint}</Code>;
      return <span title={`Under ${minHintedSecretLength} characters there is no hint`}>hidden</span>;
    },
  }),
  column.accessor('allowedHosts', {
    header: 'May go to',
    cell: ({ getValue }) => getValue()?.join(', ') ?? 'any host',
  }),
  column.accessor('updatedAt', { header: 'Saved', cell: ({ getValue }) => <When at={getValue()} /> }),
  column.display({
    id: 'actions',
    header: () => <VisuallyHidden>Actions</VisuallyHidden>,
    cell: ({ row: { original } }) => <Actions secret={original} />,
  }),
];

/** Secrets, which are typed once and never shown again. What is being typed is known by the address, its value is not. */
export function Secrets({ integration }: Of) {
  const query = useSecrets(integration.id);
  const mayWrite = useCan('secrets.write');
  const { isNew, name: editing, add, close } = useEditing('secret');
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Title order={2} size="h4">
          Secrets
        </Title>
        {mayWrite && (
          <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={add}>
            Add secret
          </Button>
        )}
      </Group>
      <Text size="sm" c="dimmed">
        Keys and passwords, kept encrypted. A value is typed once and never shown again; of long ones a hint is.
      </Text>
      <Loaded query={query}>
        {({ items }) => (
          <>
            {items.length > 0 ? (
              <DataTable
                label={`Secrets of ${integration.name}`}
                columns={columns}
                rows={items.map((secret) => ({ ...secret, integration: integration.id }))}
                rowId={({ name }) => name}
              />
            ) : (
              <Empty title="No secrets">Save the key that their server asks for, to use it as a token.</Empty>
            )}
            <ShownOnCard integration={integration} secrets={items} />
            {mayWrite && (
              <SecretForm
                isNew={isNew}
                integration={integration.id}
                secret={items.find(({ name }) => name === editing) ?? null}
                close={close}
              />
            )}
          </>
        )}
      </Loaded>
    </Stack>
  );
}

function Actions({ secret: { name, integration } }: { secret: Listed }) {
  const { edit } = useEditing('secret');
  if (!useCan('secrets.write')) return null;
  const remove = async () => {
    await client.deleteSecret(integration, name);
    await refreshIntegrations();
  };
  const happens = `The value of ${name} is gone for good. Where a command still uses it, it is not deleted, and you are told which.`;
  const ask = () => askFirst({ title: `Delete ${name}`, happens, yes: `Delete ${name}`, danger: true, act: remove });
  return (
    <Group gap={4} wrap="nowrap" justify="flex-end">
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={`Replace ${name}`}
        title="Replace"
        onClick={() => edit(name)}
      >
        <IconPencil size={16} aria-hidden />
      </ActionIcon>
      <ActionIcon variant="subtle" color="red" aria-label={`Delete ${name}`} title="Delete" onClick={ask}>
        <IconTrash size={16} aria-hidden />
      </ActionIcon>
    </Group>
  );
}

/** Which secret's hint stands for the integration in the list. */
function ShownOnCard({ integration: { id, shownSecret }, secrets }: Of & { secrets: Secret[] }) {
  const mayWrite = useCan('integrations.write');
  const choosing = useMutation({
    mutationFn: (name: string | null) => client.patchIntegration(id, { shownSecret: name }),
    onSuccess: () => refreshIntegrations(),
    onError: (error) => failed(error),
  });
  const names = secrets.map(({ name }) => name);
  // It may be chosen before it is saved.
  const choices = shownSecret === null || names.includes(shownSecret) ? names : [...names, shownSecret];
  if (choices.length === 0) return null;
  if (!mayWrite) {
    return shownSecret === null ? null : <Text size="sm">The hint of {shownSecret} is shown on the card.</Text>;
  }
  return (
    <Select
      label="Shown on the card"
      description="The hint of this secret stands for the integration in the list."
      placeholder="None"
      data={choices}
      value={shownSecret}
      onChange={(name) => choosing.mutate(name)}
      disabled={choosing.isPending}
      clearable
      clearButtonProps={{ 'aria-label': 'Show none' }}
      maw={360}
    />
  );
}
