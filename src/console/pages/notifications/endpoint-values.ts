import type {
  EndpointBody,
  EndpointEvent,
  EndpointPatch,
  NotificationEndpoint,
} from '../../../contract/notification.ts';
import { type AccountsValues, accountsFieldOf, accountsValues, chosenAccounts } from '../../parts/accounts-values.ts';

/** An endpoint as its form has it. */
export type EndpointValues = AccountsValues & { name: string; url: string; events: EndpointEvent[] };

export const valuesOf = ({
  name,
  url,
  events,
  accounts,
}: Pick<NotificationEndpoint, 'name' | 'url' | 'events' | 'accounts'>): EndpointValues => ({
  name: name ?? '',
  url,
  events,
  ...accountsValues(accounts),
});

export function bodyOf({ name, url, events, ...accounts }: EndpointValues): EndpointBody {
  const named = name.trim() === '' ? {} : { name: name.trim() };
  return { ...named, url: url.trim(), events, accounts: chosenAccounts(accounts) };
}

/** Only what somebody has changed: what others change meanwhile stays. */
export function patchOf(values: EndpointValues, before: EndpointValues): EndpointPatch {
  const [now, then] = [bodyOf(values), bodyOf(before)];
  const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
  return {
    ...(now.name === then.name ? {} : { name: now.name ?? null }),
    ...(now.url === then.url ? {} : { url: now.url }),
    ...(same(now.events, then.events) ? {} : { events: now.events }),
    ...(same(now.accounts, then.accounts) ? {} : { accounts: now.accounts ?? '*' }),
  };
}

/** The field that a path of the API's errors belongs to; `null`: none. */
export function fieldOf(path: string): string | null {
  if (/^events(\.|$)/.test(path)) return 'events';
  return path === 'name' || path === 'url' ? path : accountsFieldOf(path);
}
