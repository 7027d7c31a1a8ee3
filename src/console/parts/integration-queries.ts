import { useQuery } from '@tanstack/react-query';
import { client } from '../client.ts';
import { queries } from '../queries.ts';
import { useCan } from '../session.tsx';

/** Asks for everything anew that is shown of integrations: after a change nobody looks at what was. */
export const refreshIntegrations = () => queries.invalidateQueries({ queryKey: ['integrations'] });

export function useIntegration(id: string) {
  return useQuery({
    queryKey: ['integrations', id],
    queryFn: ({ signal }) => client.getIntegration(id, { signal }),
    refetchInterval: 10_000,
  });
}

export function useSecrets(id: string) {
  return useQuery({
    queryKey: ['integrations', id, 'secrets'],
    queryFn: ({ signal }) => client.listSecrets(id, { signal }),
  });
}

export function useCommands(id: string) {
  return useQuery({
    queryKey: ['integrations', id, 'commands'],
    queryFn: ({ signal }) => client.listCommands(id, { signal }),
  });
}

export function useSchedules(id: string) {
  return useQuery({
    queryKey: ['integrations', id, 'schedules'],
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
