import { Anchor, Grid, Group, Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import type { Invocation as InvocationOf } from '../../../contract/invocation.ts';
import { client } from '../../client.ts';
import { callbackFact } from '../../parts/callback-fact.tsx';
import { Facts } from '../../parts/facts.tsx';
import { StatusMark } from '../../parts/invocation-status.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Page } from '../../parts/page.tsx';
import { integrationPath } from '../../parts/paths.ts';
import { When } from '../../parts/when.tsx';
import { useCan } from '../../session.tsx';
import { laneWords } from '../../words.ts';
import { Exchanges } from './exchange.tsx';
import { InvocationActions } from './invocation-actions.tsx';
import './invocations.css';
import { short, textOf, tokensLine } from '../../parts/tokens-line.ts';
import { refreshIn } from './refresh.ts';
import { ResultView } from './result-view.tsx';
import { Story } from './story.tsx';
import { Verdict } from './verdict.tsx';

/** One use of a command: how it stands, why, and everything that was sent and came back. */
export default function Invocation() {
  const { id = '' } = useParams();
  const query = useQuery({
    queryKey: ['invocation', id],
    queryFn: ({ signal }) => client.getInvocation(id, { signal }),
    refetchInterval: ({ state }) => state.data !== undefined && refreshIn(state.data, Date.now()),
  });
  if (query.data === undefined) {
    return (
      <Page title="Invocation">
        <Loaded query={query}>{() => null}</Loaded>
      </Page>
    );
  }
  return <Loaded query={query}>{(invocation) => <Told invocation={invocation} />}</Loaded>;
}

function Told({ invocation }: { invocation: InvocationOf }) {
  const { command, status, createdAt, nextAttemptAt, result } = invocation;
  return (
    <Page
      title={`${command}: ${short(tokensLine(invocation), 80)}`}
      about={
        <Group gap="xs">
          {/* Of what goes on by itself the state alone is said: a time that moves along would be said again and again. */}
          <span role="status">
            <StatusMark status={status} size="md" />
          </span>
          {nextAttemptAt !== null && <When at={nextAttemptAt} />}
          <span aria-hidden>·</span>
          <span>
            accepted <When at={createdAt} />
          </span>
        </Group>
      }
      actions={<InvocationActions invocation={invocation} />}
    >
      <Verdict invocation={invocation} />
      <InvocationFacts invocation={invocation} />
      <Grid gap="xl">
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Title order={2} size="h4" mb="sm">
            What happened
          </Title>
          <Story invocation={invocation} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 8 }}>
          <Stack gap="lg">
            {result !== null && <ResultView invocation={invocation} result={result} />}
            <div>
              <Title order={2} size="h4" mb="sm">
                Attempts
              </Title>
              <Exchanges key={invocation.attempts.length} invocation={invocation} />
            </div>
          </Stack>
        </Grid.Col>
      </Grid>
    </Page>
  );
}

function InvocationFacts({ invocation }: { invocation: InvocationOf }) {
  const { id, integration, account, lane, batch, reference, idempotencyKey, tokens } = invocation;
  const values = Object.entries(tokens).map(([name, value]) => ({ name: `{{${name}}}`, text: textOf(value) }));
  return (
    <Facts
      facts={[
        { name: 'Integration', value: <IntegrationLink id={integration} /> },
        { name: 'Account', value: account },
        { name: 'Lane', value: laneWords[lane] },
        { name: 'Id', value: <span className="mono">{id}</span>, copy: id },
        ...values.map(({ name, text }) => ({ name, value: short(text, 200), copy: text })),
        { name: 'Reference', value: reference, ...(reference === null ? {} : { copy: reference }) },
        { name: 'Idempotency key', value: idempotencyKey === null ? null : short(idempotencyKey, 80) },
        callbackFact(invocation.callback),
        { name: 'Batch', value: batch === null ? null : <To to={`/batches/${batch}`}>{batch}</To> },
      ]}
    />
  );
}

function IntegrationLink({ id }: { id: string }) {
  return useCan('integrations.read') ? <To to={integrationPath(id)}>{id}</To> : id;
}

function To({ to, children }: { to: string; children: string }) {
  return (
    <Anchor component={Link} to={to} inherit>
      {children}
    </Anchor>
  );
}
