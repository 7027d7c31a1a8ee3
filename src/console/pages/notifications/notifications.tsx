import { Tabs } from '@mantine/core';
import { useSearchParams } from 'react-router';
import { Page } from '../../parts/page.tsx';
import { DeliveriesTab } from './deliveries-tab.tsx';
import { EndpointsTab } from './endpoints-tab.tsx';

const tabs = [
  { value: 'endpoints', label: 'Endpoints', panel: EndpointsTab },
  { value: 'deliveries', label: 'Deliveries', panel: DeliveriesTab },
] as const;

export default function Notifications() {
  const [parameters, setParameters] = useSearchParams();
  const asked = parameters.get('tab');
  const current = tabs.find(({ value }) => value === asked) ?? tabs[0];
  return (
    <Page title="Notifications" about="Who is told by a signed webhook when something happens, and what came of it.">
      <Tabs
        value={current.value}
        onChange={(value) => setParameters(value === null ? {} : { tab: value }, { replace: true })}
        keepMounted={false}
      >
        <Tabs.List aria-label="Parts of notifications">
          {tabs.map(({ value, label }) => (
            <Tabs.Tab key={value} value={value}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {tabs.map(({ value, panel: Panel }) => (
          <Tabs.Panel key={value} value={value} pt="md">
            <Panel />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}
