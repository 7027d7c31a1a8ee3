import { Button, Code, Group, Stack, Text, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { Integration } from '../../../contract/integration.ts';
import { client } from '../../client.ts';
import { columnsOf, DataTable } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { ErrorNotice } from '../../parts/error-notice.tsx';
import { placeErrors } from '../../parts/form-errors.ts';
import { useFreshValues } from '../../parts/fresh-values.ts';
import { refreshIntegrations } from '../../parts/integration-queries.ts';
import { LeaveGuard } from '../../parts/leave-guard.tsx';
import { told } from '../../parts/tell.ts';
import { useCan } from '../../session.tsx';
import { duplicateNames, type NamedRow, recordOf, rowField, type WithVariables } from './named-row-values.ts';
import { VariableRows } from './named-rows.tsx';
import { variablesPatch } from './own-changes.ts';

type Of = { integration: Integration };

export function Variables({ integration }: Of) {
  return useCan('integrations.write') ? (
    <VariablesForm integration={integration} />
  ) : (
    <Listed integration={integration} />
  );
}

const rowsOf = (variables: Integration['variables']): NamedRow[] =>
  Object.entries(variables).map(([name, value]) => ({ name, value }));

function VariablesForm({ integration: { id, variables } }: Of) {
  const form = useForm<WithVariables>({
    initialValues: { variables: rowsOf(variables) },
    validate: (values) => duplicateNames('variables', values.variables),
  });
  const undo = useFreshValues(form, { variables: rowsOf(variables) });
  const [rest, setRest] = useState<unknown>(null);
  const saving = useMutation({
    mutationFn: (rows: NamedRow[]) => {
      const shown = recordOf(form.getInitialValues().variables);
      return client.patchIntegration(id, { variables: variablesPatch(shown, recordOf(rows)) });
    },
    onSuccess: async (saved) => {
      const values = { variables: rowsOf(saved.variables) };
      form.setInitialValues(values);
      form.setValues(values);
      told('The variables are saved');
      await refreshIntegrations();
    },
    onError: (error, rows) => {
      const placed = placeErrors(error, (path) => rowField(path, 'variables.', 'variables', rows));
      form.setErrors(placed.fields);
      setRest(placed.rest);
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => saving.mutate(values.variables))}>
      <LeaveGuard dirty={form.isDirty()} what="the variables" />
      <Stack gap="sm" maw={640}>
        <VariableRows form={form} />
        {saving.isError && rest !== null && <ErrorNotice error={rest} />}
        <Group gap="xs">
          <Button type="submit" loading={saving.isPending} disabled={!form.isDirty()}>
            Save variables
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

const column = columnsOf<NamedRow>();
const columns = [
  column.accessor('name', { header: 'Name' }),
  column.accessor('value', { header: 'Value', cell: ({ getValue }) => <Code>{getValue()}</Code> }),
];

function Listed({ integration: { name, variables } }: Of) {
  const rows = rowsOf(variables);
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        Variables
      </Title>
      <Text size="sm" c="dimmed">
        Values that can be read, for use as tokens. Your role does not allow to change them.
      </Text>
      {rows.length > 0 ? (
        <DataTable label={`Variables of ${name}`} columns={columns} rows={rows} rowId={(row) => row.name} />
      ) : (
        <Empty title="No variables" />
      )}
    </Stack>
  );
}
