import { Code, Group, Paper, Stack, Tabs, Text, VisuallyHidden } from '@mantine/core';
import type { ComponentType } from 'react';
import { useParams } from 'react-router';
import type { Integration as IntegrationShape } from '../../../contract/integration.ts';
import { EgressAddresses } from '../../parts/egress-addresses.tsx';
import { FirstSteps } from '../../parts/first-steps.tsx';
import { HoldNotice } from '../../parts/hold-notice.tsx';
import { useIntegration } from '../../parts/integration-queries.ts';
import { LastSync } from '../../parts/last-sync.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Page } from '../../parts/page.tsx';
import { SyncQuality } from '../../parts/sync-quality.tsx';
import { useUrlState } from '../../parts/url-state.ts';
import { useSession } from '../../session.tsx';
import { AuditTab } from './audit-tab.tsx';
import { AuthenticationTab } from './authentication-tab.tsx';
import { CommandsTab } from './commands-tab.tsx';
import { DeleteIntegration } from './delete-integration.tsx';
import { HoldActions } from './hold-actions.tsx';
import { LimitsTab } from './limits-tab.tsx';
import { RecentTab } from './recent-tab.tsx';
import { SchedulesTab } from './schedules-tab.tsx';
import { SuccessRate, useSuccesses } from './success-rates.tsx';
import { SyncNow } from './sync-now.tsx';
import { ValuesTab } from './values-tab.tsx';

type Tab = {
  value: string;
  label: string;
  permission: string;
  panel: ComponentType<{ integration: IntegrationShape }>;
  /** Is it for a customer's own admin, too? */
  portal: boolean;
};

const tabs: readonly Tab[] = [
  { value: 'commands', label: 'Commands', permission: 'commands.read', panel: CommandsTab, portal: true },
  { value: 'secrets', label: 'Variables and secrets', permission: 'secrets.read', panel: ValuesTab, portal: true },
  {
    value: 'authentication',
    label: 'Authentication',
    permission: 'integrations.read',
    panel: AuthenticationTab,
    portal: true,
  },
  { value: 'limits', label: 'Limits', permission: 'integrations.read', panel: LimitsTab, portal: true },
  { value: 'schedules', label: 'Schedules', permission: 'schedules.read', panel: SchedulesTab, portal: true },
  { value: 'recent', label: 'Recent invocations', permission: 'invocations.read', panel: RecentTab, portal: false },
  { value: 'audit', label: 'Audit', permission: 'audit.read', panel: AuditTab, portal: false },
];

export default function Integration() {
  const { id = '' } = useParams();
  const query = useIntegration(id);
  return (
    <Page
      title={query.data?.name ?? id}
      about={query.data && <About integration={query.data} />}
      actions={query.data && <Actions integration={query.data} />}
    >
      <Loaded query={query}>{(integration) => <Sections key={id} integration={integration} />}</Loaded>
    </Page>
  );
}

type Of = { integration: IntegrationShape };

function About({ integration: { id, account, shownSecretHint } }: Of) {
  return (
    <Group gap="xs">
      <span>
        Custom · account {account} · <Code>{id}</Code>
      </span>
      {shownSecretHint !== null && (
        <Code>
          <VisuallyHidden>Key </VisuallyHidden>
          {shownSecretHint}
        </Code>
      )}
    </Group>
  );
}

function Actions({ integration }: Of) {
  return (
    <>
      <SyncNow integration={integration} size="sm" />
      <HoldActions integration={integration} size="sm" />
      <DeleteIntegration integration={integration} />
    </>
  );
}

function Sections({ integration }: Of) {
  const { permissions, portal } = useSession();
  const [asked, choose] = useUrlState('tab');
  const shown = tabs.filter((tab) => permissions.includes(tab.permission) && (tab.portal || !portal));
  const current = shown.find(({ value }) => value === asked) ?? shown[0];
  return (
    <Stack gap="md">
      <State integration={integration} />
      <FirstSteps />
      <EgressAddresses />
      <Tabs value={current?.value ?? null} onChange={(value) => choose(value ?? '')} keepMounted={false}>
        <div className="table-scroll">
          <Tabs.List style={{ flexWrap: 'nowrap' }} aria-label="Parts of the integration">
            {shown.map(({ value, label }) => (
              <Tabs.Tab key={value} value={value} style={{ whiteSpace: 'nowrap' }}>
                {label}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        </div>
        {shown.map(({ value, panel: Panel }) => (
          <Tabs.Panel key={value} value={value} pt="md">
            <Panel integration={integration} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Stack>
  );
}

function State({ integration: { id, lastSyncAt, lastSyncQuality, hold } }: Of) {
  const successes = useSuccesses(id);
  return (
    <Stack gap="xs">
      <Group gap="md">
        <Group gap="xs">
          <LastSync at={lastSyncAt} />
          <SyncQuality quality={lastSyncQuality} />
        </Group>
        <SuccessRate of={id} query={successes} />
      </Group>
      {hold !== null && (
        <Paper withBorder p="xs" style={{ borderInlineStart: '4px solid var(--mantine-color-orange-6)' }}>
          <HoldNotice hold={hold} whole />
          {hold.reason === 'paused' && (
            <Text size="sm">Nightly work waits; customers who click get an error at once.</Text>
          )}
        </Paper>
      )}
    </Stack>
  );
}
