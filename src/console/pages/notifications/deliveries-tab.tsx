import { Group, Select, Stack } from '@mantine/core';
import type { NotificationEvent, NotificationFilter, NotificationStatus } from '../../../contract/notification.ts';
import { client } from '../../client.ts';
import { Empty } from '../../parts/empty.tsx';
import { PagesOf, usePages } from '../../parts/pages-of.tsx';
import { useUrlState } from '../../parts/url-state.ts';
import { Deliveries } from './deliveries.tsx';
import { endpointName } from './delivery-words.ts';
import { eventWords } from './event-words.ts';
import { deliveriesKey, useKnownEndpoints } from './notification-queries.ts';

const refreshMs = 5_000;

/** What was sent to whom, callbacks too, and what came back. */
export function DeliveriesTab() {
  const filter = useDeliveryFilter();
  const pages = usePages({
    queryKey: [...deliveriesKey, filter],
    fetchPage: (cursor, signal) =>
      client.notifications({ ...filter, ...(cursor === undefined ? {} : { cursor }) }, { signal }),
    refreshMs,
  });
  return (
    <Stack gap="md">
      <Filters />
      <PagesOf pages={pages}>
        {(deliveries) =>
          deliveries.length === 0 ? (
            <None filtered={Object.keys(filter).length > 0} />
          ) : (
            <Deliveries deliveries={deliveries} />
          )
        }
      </PagesOf>
    </Stack>
  );
}

function None({ filtered }: { filtered: boolean }) {
  if (filtered) return <Empty title="No delivery fits">Take a filter away to see more.</Empty>;
  return (
    <Empty title="Nothing was sent yet">
      Here stands each message to an endpoint, and each callback to the billing system, for seven days at most.
    </Empty>
  );
}

const statusWords: Readonly<Record<NotificationStatus, string>> = {
  pending: 'waiting, or tried again',
  delivered: 'delivered',
  failed: 'failed',
};

function useDeliveryFilter(): NotificationFilter {
  const [endpoint] = useUrlState('endpoint');
  const [status] = useUrlState('status');
  const [event] = useUrlState('event');
  return {
    ...(endpoint === '' ? {} : { endpoint }),
    ...(Object.hasOwn(statusWords, status) ? { status: status as NotificationStatus } : {}),
    ...(Object.hasOwn(eventWords, event) ? { event: event as NotificationEvent } : {}),
  };
}

const choices = (words: Readonly<Record<string, string>>) =>
  Object.entries(words).map(([value, label]) => ({ value, label }));

function Filters() {
  const endpoints = useKnownEndpoints().data?.items;
  const [endpoint] = useUrlState('endpoint');
  const known = endpoints?.map((one) => ({ value: one.id, label: endpointName(one) })) ?? [];
  const isGone = endpoints !== undefined && endpoint !== '' && !known.some(({ value }) => value === endpoint);
  return (
    <Group component="search" gap="sm" align="flex-end">
      <Choice
        name="endpoint"
        label="Endpoint"
        data={isGone ? [...known, { value: endpoint, label: endpoint }] : known}
      />
      <Choice name="status" label="Status" data={choices(statusWords)} />
      <Choice name="event" label="Event" data={choices(eventWords)} />
    </Group>
  );
}

type ChoiceProps = { name: string; label: string; data: { value: string; label: string }[] };

function Choice({ name, label, data }: ChoiceProps) {
  const [value, setValue] = useUrlState(name);
  return (
    <Select
      label={label}
      placeholder="any"
      clearable
      data={data}
      value={value === '' ? null : value}
      onChange={(chosen) => setValue(chosen ?? '')}
    />
  );
}
