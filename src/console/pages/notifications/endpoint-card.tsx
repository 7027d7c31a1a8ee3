import { Anchor, Card, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { NotificationEndpoint } from '../../../contract/notification.ts';
import { lowerFirst } from '../../parts/letters.ts';
import { Marked } from '../../parts/marked.tsx';
import { When } from '../../parts/when.tsx';
import { DeliveryOutcome } from './delivery-outcome.tsx';
import { endpointName } from './delivery-words.ts';
import { EndpointActions } from './endpoint-actions.tsx';
import { eventWords } from './event-words.ts';

type Of = { endpoint: NotificationEndpoint };

/** An endpoint: what it is told, and what came of the last. */
export function EndpointCard({ endpoint, edit }: Of & { edit: () => void }) {
  const { url, accounts } = endpoint;
  const name = endpointName(endpoint);
  return (
    <Card withBorder component="article" aria-label={name} p="sm">
      <Group justify="space-between" align="flex-start" gap="sm">
        <Stack gap={2} flex="1 1 320px" miw={0}>
          <Title order={2} size="h5" className="wrap-anywhere">
            {name}
          </Title>
          <Text size="sm" className="wrap-anywhere mono">
            {url}
          </Text>
          <Told endpoint={endpoint} />
          <Text size="sm" c="dimmed" className="wrap-anywhere">
            Accounts: {accounts === '*' ? 'all' : accounts.join(', ')}
          </Text>
        </Stack>
        <EndpointActions endpoint={endpoint} edit={edit} />
      </Group>
      <Stack gap="xs" mt="xs">
        <Trouble endpoint={endpoint} />
        <Last endpoint={endpoint} />
      </Stack>
    </Card>
  );
}

function Told({ endpoint: { events } }: Of) {
  return <Text size="sm">Told of: {events.map((event) => lowerFirst(eventWords[event])).join(', ')}</Text>;
}

/** Why it is told nothing, or that nothing arrives, or that two secrets are in use. */
function Trouble({ endpoint: { enabled, disabledReason, failingSince, previousSecretUntil } }: Of) {
  return (
    <>
      {!enabled && disabledReason !== null && (
        <Paper withBorder p="xs" style={{ borderInlineStart: '4px solid var(--mantine-color-orange-6)' }}>
          <Text size="sm">Disabled by Errand: {disabledReason} Enable it when it is well again.</Text>
        </Paper>
      )}
      {!enabled && disabledReason === null && <Text size="sm">Disabled: it is told nothing.</Text>}
      {enabled && failingSince !== null && (
        <Marked mark={{ icon: IconAlertTriangle, tone: 'bad' }}>
          What is sent to it fails; that began <When at={failingSince} />
        </Marked>
      )}
      {previousSecretUntil !== null && (
        <Text size="sm" c="dimmed" component="div">
          The secret before is good, too; that ends <When at={previousSecretUntil} />
        </Text>
      )}
    </>
  );
}

function Last({ endpoint: { id, lastNotification: last } }: Of) {
  return (
    <Stack gap={4}>
      <Group gap="xs" align="flex-start">
        <Text size="sm" component="div">
          Last delivery: {last === null ? 'none' : `${lowerFirst(eventWords[last.event])}, `}
          {last !== null && <When at={last.lastAttemptAt ?? last.createdAt} />}
        </Text>
        {last !== null && <DeliveryOutcome notification={last} />}
      </Group>
      <Anchor component={Link} to={deliveriesOf(id)} size="sm" w="fit-content">
        All deliveries
      </Anchor>
    </Stack>
  );
}

const deliveriesOf = (endpoint: string) => `/notifications?${new URLSearchParams({ tab: 'deliveries', endpoint })}`;
