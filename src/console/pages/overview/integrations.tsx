import { Anchor, Card, SimpleGrid, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { ErrorCode } from '../../../contract/error-catalogue.ts';
import type { StatisticsItem } from '../../../contract/statistics.ts';
import { client } from '../../client.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { countWords, durationWords } from '../../parts/measures.ts';
import { integrationPath } from '../../parts/paths.ts';
import { useCan } from '../../session.tsx';
import { codeTitle } from '../../words.ts';
import { queryOf, type RangeName, ranges, sinceOf, successRate } from './range.ts';
import { refreshMs } from './refresh.ts';

const shown = 6;

/** Whose work fails, and whose takes long. */
export function Integrations({ range }: { range: RangeName }) {
  const query = useQuery({
    queryKey: ['statistics', 'integrations', range],
    queryFn: ({ signal }) => client.statistics({ ...queryOf(range), bucket: 'all', by: 'integration' }, { signal }),
    refetchInterval: refreshMs,
  });
  return (
    <Loaded query={query}>
      {({ items }) => (
        <SimpleGrid cols={{ base: 1, md: 2 }}>
          <Failing items={items} range={range} />
          <Slowest items={items} range={range} />
        </SimpleGrid>
      )}
    </Loaded>
  );
}

type ListProps = { items: readonly StatisticsItem[]; range: RangeName };

/** Attempts count, too: those of a held integration fail without that an invocation has ended. */
const failedAttempts = ({ byCode }: StatisticsItem) =>
  Object.entries(byCode).reduce((sum, [code, count]) => sum + (code === 'absent' ? 0 : count), 0);

function Failing({ items, range }: ListProps) {
  const failing = items
    .filter((item) => item.failed > 0 || failedAttempts(item) > 0)
    .sort((one, other) => other.failed - one.failed || failedAttempts(other) - failedAttempts(one))
    .slice(0, shown);
  return (
    <Listed title="Failing" none={failing.length === 0 && `Nothing failed in ${ranges[range].words}.`}>
      <Head names={['Integration', 'Failed', 'Attempts failed', 'Succeeded']} />
      <Table.Tbody>
        {failing.map((item) => (
          <Table.Tr key={item.integration}>
            <Table.Td>
              <IntegrationLink id={item.integration ?? ''} />
              <Text size="xs" c="dimmed">
                {mostly(item)}
              </Text>
            </Table.Td>
            <Table.Td>
              <InvocationsLink item={item} range={range} status="failed" count={item.failed} />
            </Table.Td>
            <Table.Td>{countWords(failedAttempts(item))}</Table.Td>
            <Table.Td>{successRate(item) ?? 'none ended'}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Listed>
  );
}

function Slowest({ items, range }: ListProps) {
  const slowest = items
    .filter(({ durationMs }) => durationMs.p99 !== null)
    .sort((one, other) => (other.durationMs.p99 ?? 0) - (one.durationMs.p99 ?? 0))
    .slice(0, shown);
  return (
    <Listed title="Slowest" none={slowest.length === 0 && `Nothing was sent in ${ranges[range].words}.`}>
      <Head names={['Integration', 'p50', 'p99', 'Attempts']} />
      <Table.Tbody>
        {slowest.map((item) => (
          <Table.Tr key={item.integration}>
            <Table.Td>
              <IntegrationLink id={item.integration ?? ''} />
            </Table.Td>
            <Table.Td>{durationWords(item.durationMs.p50 ?? 0)}</Table.Td>
            <Table.Td>{durationWords(item.durationMs.p99 ?? 0)}</Table.Td>
            <Table.Td>
              <InvocationsLink item={item} range={range} count={item.attempts} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Listed>
  );
}

function Listed({ title, none, children }: { title: string; none: string | false; children: ReactNode }) {
  const id = `integrations-${title}`;
  return (
    <Card withBorder component="section" aria-labelledby={id}>
      <Title order={2} size="h4" id={id} mb="xs">
        {title}
      </Title>
      {none === false ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
        <section className="table-scroll" tabIndex={0} aria-label={`${title} integrations`}>
          <Table>{children}</Table>
        </section>
      ) : (
        <Text size="sm" c="dimmed">
          {none}
        </Text>
      )}
    </Card>
  );
}

function Head({ names }: { names: string[] }) {
  return (
    <Table.Thead>
      <Table.Tr>
        {names.map((name) => (
          <Table.Th key={name} scope="col">
            {name}
          </Table.Th>
        ))}
      </Table.Tr>
    </Table.Thead>
  );
}

function IntegrationLink({ id }: { id: string }) {
  if (!useCan('integrations.read')) return id;
  return (
    <Anchor component={Link} to={integrationPath(id)} size="sm" fw={500}>
      {id}
    </Anchor>
  );
}

type InvocationsLinkProps = { item: StatisticsItem; range: RangeName; status?: 'failed'; count: number };

function InvocationsLink({ item: { integration }, range, status, count }: InvocationsLinkProps) {
  const mayRead = useCan('invocations.read');
  if (!mayRead || integration === null || count === 0) return countWords(count);
  const query = new URLSearchParams({
    integration,
    ...(status === undefined ? {} : { status }),
    since: sinceOf(range),
  });
  return (
    <Anchor
      component={Link}
      to={`/invocations?${query}`}
      size="sm"
      aria-label={`${countWords(count)}${status === undefined ? '' : ` ${status}`}: invocations of ${integration}`}
    >
      {countWords(count)}
    </Anchor>
  );
}

function mostly({ byCode }: StatisticsItem): string {
  const [most] = Object.entries(byCode).sort(([, one], [, other]) => other - one);
  return most === undefined ? '' : `mostly: ${codeTitle(most[0] as ErrorCode)}`;
}
