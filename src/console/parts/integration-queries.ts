import { useQuery } from '@tanstack/react-query';
import { client } from '../client.ts';
import { queries } from '../queries.ts';
import { useCan } from '../session.tsx';

/** Asks for everything anew that is shown of integrations: after a change nobody looks at what was. */
export const refreshIntegrations = () =>
  queries.invalidateQueries({ predicate: ({ queryKey: [of] }) => of === 'integrations' || of === 'integration' });

/** What is cached of one integration; lists are under `integrations`, so that no id is taken for the name of a list. */
export const integrationKey = (id: string, part = 'itself') => ['integration', id, part] as const;

export function useIntegration(id: string) {
  return useQuery({
    queryKey: integrationKey(id),
    queryFn: ({ signal }) => client.getIntegration(id, { signal }),
    refetchInterval: 10_000,
  });
}

export function useSecrets(id: string) {
  return useQuery({
    queryKey: integrationKey(id, 'secrets'),
    queryFn: ({ signal }) => client.listSecrets(id, { signal }),
  });
}

export function useCommands(id: string) {
  return useQuery({
    queryKey: integrationKey(id, 'commands'),
    queryFn: ({ signal }) => client.listCommands(id, { signal }),
  });
}

export function useSchedules(id: string) {
  return useQuery({
    queryKey: integrationKey(id, 'schedules'),
    queryFn: ({ signal }) => client.schedules(id, { limit: 200 }, { signal }),
    refetchInterval: 10_000,
  });
}

export function useCommandTypes() {
  return useQuery({
    queryKey: ['command-types'],
    queryFn: ({ signal }) => client.listCommandTypes({ signal }),
    enabled: useCan('command-types.read'),
    staleTime: 60_000,
  });
}
