import { Button, SimpleGrid } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { Link } from 'react-router';
import { client } from '../../client.ts';
import { Empty } from '../../parts/empty.tsx';
import { FirstSteps } from '../../parts/first-steps.tsx';
import { Page } from '../../parts/page.tsx';
import { PagesOf, usePages } from '../../parts/pages-of.tsx';
import { useCan } from '../../session.tsx';
import { IntegrationCard } from './integration-card.tsx';
import { IntegrationFilters, useIntegrationFilter } from './integration-filters.tsx';
import { useSuccesses } from './success-rates.tsx';

const pageSize = 24;

export default function Integrations() {
  const filter = useIntegrationFilter();
  const filtered = Object.keys(filter).length > 0;
  const canAdd = useCan('integrations.write');
  const successes = useSuccesses();
  const pages = usePages({
    queryKey: ['integrations', 'list', filter],
    fetchPage: (cursor, signal) =>
      client.listIntegrations({ ...filter, limit: pageSize, ...(cursor === undefined ? {} : { cursor }) }, { signal }),
    refreshMs: 10_000,
  });
  const none = !filtered && pages.data?.pages[0]?.items.length === 0;
  const add = (
    <Button component={Link} to="/integrations/new" leftSection={<IconPlus size={16} aria-hidden />}>
      Add integration
    </Button>
  );
  return (
    <Page title="Integrations" actions={canAdd && add}>
      <FirstSteps />
      {!none && <IntegrationFilters />}
      <PagesOf pages={pages}>
        {(items) =>
          items.length > 0 ? (
            <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }} spacing="sm">
              {items.map((integration) => (
                <IntegrationCard key={integration.id} integration={integration} successes={successes} />
              ))}
            </SimpleGrid>
          ) : (
            <Nothing filtered={filtered} canAdd={canAdd} />
          )
        }
      </PagesOf>
    </Page>
  );
}

function Nothing({ filtered, canAdd }: { filtered: boolean; canAdd: boolean }) {
  if (filtered) {
    return <Empty title="No integration fits">Search for a part of its name or id, or leave the filters out.</Empty>;
  }
  if (canAdd) return null;
  return <Empty title="No integrations yet">Somebody who may configure them can add the first one.</Empty>;
}
