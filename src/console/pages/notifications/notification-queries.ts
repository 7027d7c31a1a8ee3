import { useQuery } from '@tanstack/react-query';
import type { NotificationEndpoint } from '../../../contract/notification.ts';
import { maxPageSize } from '../../../contract/paging.ts';
import { client } from '../../client.ts';
import { queries } from '../../queries.ts';

export const endpointsKey = ['notification-endpoints'] as const;
export const deliveriesKey = ['notifications'] as const;

/** Asks anew for everything that is shown: each change is a delivery's, too, or tells of one. */
export const refreshNotifications = () =>
  Promise.all([endpointsKey, deliveriesKey].map((queryKey) => queries.invalidateQueries({ queryKey })));

/** The endpoints there are, for those who look for one by its name. */
export function useKnownEndpoints() {
  return useQuery({
    queryKey: [...endpointsKey, 'known'],
    queryFn: ({ signal }) => client.notificationEndpoints({ limit: maxPageSize }, { signal }),
  });
}

/** `undefined`: not known here; `null`: there is none any more. */
export type KnownEndpoint = NotificationEndpoint | null | undefined;

export function useFindEndpoint(): (id: string) => KnownEndpoint {
  const { data } = useKnownEndpoints();
  const isWhole = data?.nextCursor === null;
  return (id) => data?.items.find((endpoint) => endpoint.id === id) ?? (isWhole ? null : undefined);
}
