import { Table } from '@mantine/core';

/** Headers as they are, in order. */
export function HeadersTable({
  headers,
  label,
}: {
  headers: readonly { key: string; value: string }[];
  label: string;
}) {
  if (headers.length === 0) return null;
  return (
    <Table aria-label={label} verticalSpacing={2} fz="xs" layout="fixed">
      <Table.Tbody>
        {headers.map(({ key, value }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a header can come twice, and they never change
          <Table.Tr key={index}>
            <Table.Th scope="row" w="35%" className="wrap-anywhere">
              {key}
            </Table.Th>
            <Table.Td className="wrap-anywhere" ff="monospace">
              {value}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
