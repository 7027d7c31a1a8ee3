import { Table, Text, VisuallyHidden } from '@mantine/core';
import { type Change, changesOf, type Detail, restOf } from './changes.ts';

/** What an entry says beside who, what and when: first what was changed, then the rest. */
export function Details({ details }: { details: Record<string, unknown> }) {
  const changes = changesOf(details);
  const rest = restOf(details);
  if (changes === null && rest.length === 0) return <Text size="sm">Nothing more is known of it.</Text>;
  return (
    <>
      {changes !== null && <Changes changes={changes} />}
      {rest.length > 0 && <Rest rest={rest} />}
    </>
  );
}

function Changes({ changes }: { changes: Change[] }) {
  if (changes.length === 0) return <Text size="sm">Nothing was changed by it.</Text>;
  return (
    <Table verticalSpacing={4} withRowBorders className="details">
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">Field</Table.Th>
          <Table.Th scope="col">Before</Table.Th>
          <Table.Th scope="col">After</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {changes.map(({ path, before, after }) => (
          <Table.Tr key={path}>
            <Table.Th scope="row">{path}</Table.Th>
            <Table.Td>
              <Value of={before} kind="del" />
            </Table.Td>
            <Table.Td>
              <Value of={after} kind="ins" />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Value({ of, kind: Kind }: { of: string | null; kind: 'ins' | 'del' }) {
  if (of === null) {
    return (
      <>
        <span aria-hidden>–</span>
        <VisuallyHidden>nothing</VisuallyHidden>
      </>
    );
  }
  return <Kind className="mono value">{of === '' ? '(empty)' : of}</Kind>;
}

function Rest({ rest }: { rest: Detail[] }) {
  return (
    <Table verticalSpacing={4} className="details">
      <Table.Tbody>
        {rest.map(({ path, value }) => (
          <Table.Tr key={path}>
            <Table.Th scope="row">{path}</Table.Th>
            <Table.Td className="mono value">{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
