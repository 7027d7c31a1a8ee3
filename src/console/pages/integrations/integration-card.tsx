import { Anchor, Badge, Card, Code, Group, Stack, Text, Title, VisuallyHidden } from '@mantine/core';
import { Link } from 'react-router';
import type { Integration } from '../../../contract/integration.ts';
import { HoldNotice } from '../../parts/hold-notice.tsx';
import { LastSync } from '../../parts/last-sync.tsx';
import { integrationPath } from '../../parts/paths.ts';
import { SyncQuality } from '../../parts/sync-quality.tsx';
import { HoldActions } from './hold-actions.tsx';
import { SuccessRate, type useSuccesses } from './success-rates.tsx';
import { SyncNow } from './sync-now.tsx';

type CardProps = { integration: Integration; successes: ReturnType<typeof useSuccesses> };

/** An integration at a glance. */
export function IntegrationCard({ integration, successes }: CardProps) {
  const { id, account, name, lastSyncAt, lastSyncQuality, shownSecretHint, hold } = integration;
  return (
    <Card withBorder component="article" aria-label={name} p="md">
      <Stack gap="xs" h="100%">
        <Group justify="space-between" wrap="nowrap" gap="xs">
          <Text size="xs" c="dimmed" truncate title={`Account ${account}`}>
            {account}
          </Text>
          <Badge variant="default" size="sm" tt="none" fw={500} className="no-shrink">
            Custom
          </Badge>
        </Group>
        <div>
          <Title order={2} size="h4" className="wrap-anywhere">
            <Anchor component={Link} to={integrationPath(id)} inherit>
              {name}
            </Anchor>
          </Title>
          {shownSecretHint !== null && (
            <Code mt={4}>
              <VisuallyHidden>Key </VisuallyHidden>
              {shownSecretHint}
            </Code>
          )}
        </div>
        <Group gap="xs">
          <LastSync at={lastSyncAt} />
          <SyncQuality quality={lastSyncQuality} />
        </Group>
        <SuccessRate of={id} query={successes} />
        <HoldNotice hold={hold} />
        <Group gap="xs" mt="auto" pt={4}>
          <SyncNow integration={integration} />
          <HoldActions integration={integration} />
        </Group>
      </Stack>
    </Card>
  );
}
