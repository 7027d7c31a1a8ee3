import { Code, Stack, Text, Title } from '@mantine/core';
import type { Integration } from '../../../contract/integration.ts';
import { client } from '../../client.ts';
import { columnsOf, DataTable } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { useCan } from '../../session.tsx';
import { duplicateNames, type NamedRow, recordOf, rowField, type WithVariables } from './named-row-values.ts';
import { VariableRows } from './named-rows.tsx';
import { variablesPatch } from './own-changes.ts';
import { SavedPartForm, useSavedPart } from './saved-part.tsx';

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

function VariablesForm({ integration }: Of) {
  const what = 'variables';
  const part = useSavedPart<WithVariables>({
    integration,
    what,
    valuesOf: ({ variables }) => ({ variables: rowsOf(variables) }),
    validate: ({ variables }) => duplicateNames('variables', variables),
    save: (values, shown) =>
      client.patchIntegration(integration.id, {
        variables: variablesPatch(recordOf(shown.variables), recordOf(values.variables)),
      }),
    field: (path, { variables }) => rowField(path, 'variables.', 'variables', variables),
  });
  return (
    <SavedPartForm part={part} what={what}>
      <VariableRows form={part.form} />
    </SavedPartForm>
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
