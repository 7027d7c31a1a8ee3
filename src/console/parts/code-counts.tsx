import { Anchor, Stack, Table, Text } from '@mantine/core';
import { Link } from 'react-router';
import { type ErrorCode, errorCatalogue } from '../../contract/error-catalogue.ts';
import { codeTitle, mendWords } from '../words.ts';
import { countWords } from './measures.ts';

type CodeCountsProps = {
  byCode: Readonly<Record<string, number>>;
  /** Where those of a code can be looked at. */
  linkOf?: (code: string) => string;
  /** Said where there are none. */
  none: string;
};

const known = (code: string): code is ErrorCode => Object.hasOwn(errorCatalogue, code);

/** How many ended with which code, most first, and what to do about each. */
export function CodeCounts({ byCode, linkOf, none }: CodeCountsProps) {
  const codes = Object.entries(byCode).sort(([, one], [, other]) => other - one);
  if (codes.length === 0) return <Text size="sm">{none}</Text>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section className="table-scroll" tabIndex={0} aria-label="Failures by code">
      <Table verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Code</Table.Th>
            <Table.Th scope="col" ta="right">
              Count
            </Table.Th>
            <Table.Th scope="col">What mends it</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {codes.map(([code, count]) => (
            <Table.Tr key={code}>
              <Table.Td>
                <Code code={code} />
              </Table.Td>
              <Table.Td ta="right">
                {linkOf === undefined ? countWords(count) : <Counted to={linkOf(code)} code={code} count={count} />}
              </Table.Td>
              <Table.Td miw={220}>{known(code) && mendWords({ code })}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}

function Code({ code }: { code: string }) {
  return (
    <Stack gap={0}>
      <Text size="sm" fw={500}>
        {known(code) ? codeTitle(code) : code}
      </Text>
      <Text size="xs" c="dimmed">
        {code}
      </Text>
    </Stack>
  );
}

function Counted({ to, code, count }: { to: string; code: string; count: number }) {
  return (
    <Anchor component={Link} to={to} size="sm" aria-label={`${countWords(count)} with ${code}: look at them`}>
      {countWords(count)}
    </Anchor>
  );
}
