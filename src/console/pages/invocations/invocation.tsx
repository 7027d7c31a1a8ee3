import { Anchor, Grid, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import type { Invocation as InvocationOf } from '../../../contract/invocation.ts';
import { client } from '../../client.ts';
import { StatusMark } from '../../parts/invocation-status.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Page } from '../../parts/page.tsx';
import { When } from '../../parts/when.tsx';
import { useCan } from '../../session.tsx';
import { laneWords } from '../../words.ts';
import { Exchanges } from './exchange.tsx';
import { Fact } from './facts.tsx';
import { InvocationActions } from './invocation-actions.tsx';
import './invocations.css';
import { refreshIn } from './refresh.ts';
import { ResultView } from './result-view.tsx';
import { short, tokensLine } from './shown.ts';
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
      <Facts invocation={invocation} />
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

function Facts({ invocation }: { invocation: InvocationOf }) {
  const { id, integration, account, lane, batch, reference, idempotencyKey, tokens } = invocation;
  const mayRead = useCan('integrations.read');
  return (
    <SimpleGrid component="dl" cols={{ base: 2, md: 4 }} spacing="xs" m={0}>
      <Fact label="Integration">
        {mayRead ? (
          <Anchor component={Link} to={`/integrations/${encodeURIComponent(integration)}`} size="sm">
            {integration}
          </Anchor>
        ) : (
          integration
        )}
      </Fact>
      <Fact label="Account">{account}</Fact>
      <Fact label="Lane">{laneWords[lane]}</Fact>
      <Fact label="Id" copy={id}>
        <Text size="xs" ff="monospace" component="span">
          {id}
        </Text>
      </Fact>
      {Object.entries(tokens).map(([name, value]) => {
        const text = typeof value === 'string' ? value : JSON.stringify(value);
        return (
          <Fact key={name} label={`{{${name}}}`} copy={text}>
            {short(text, 200)}
          </Fact>
        );
      })}
      {reference !== null && (
        <Fact label="Reference" copy={reference}>
          {reference}
        </Fact>
      )}
      {idempotencyKey !== null && <Fact label="Idempotency key">{short(idempotencyKey, 80)}</Fact>}
      {batch !== null && (
        <Fact label="Batch">
          <Anchor component={Link} to={`/batches/${batch}`} size="sm">
            {batch}
          </Anchor>
        </Fact>
      )}
    </SimpleGrid>
  );
}
