import { useQuery } from '@tanstack/react-query';
import { client } from '../client.ts';
import { useCan } from '../session.tsx';

/** The command that the first steps configure. */
export const firstCommand = 'GetInvoiceImage';

/** How far the first integration has come. `null` as an integration: there is none. */
export type StepsTaken = {
  integration: { id: string; name: string } | null;
  secret: boolean;
  command: boolean;
  tested: boolean;
  invoked: boolean;
};

/** Whether there are more integrations than the first: then nobody needs to be walked through anything. */
type Steps = StepsTaken | 'not needed';

const areOver = (steps: Steps) =>
  steps === 'not needed' || (steps.secret && steps.command && steps.tested && steps.invoked);

/**
 * Looks at what there is, so that a step ticks itself, whoever took it and wherever. A test leaves its trace in the audit
 * log only, which not everybody may read: for them it is ticked with the first answer.
 */
export function useStepsTaken() {
  const readsAudit = useCan('audit.read');
  const mayConfigure = useCan('integrations.write');
  return useQuery({
    queryKey: ['integrations', 'first-steps'],
    queryFn: async ({ signal }): Promise<Steps> => {
      const { items } = await client.listIntegrations({ limit: 2 }, { signal });
      if (items.length > 1) return 'not needed';
      const [first] = items;
      if (first === undefined) {
        return { integration: null, secret: false, command: false, tested: false, invoked: false };
      }
      const { id, name, lastSyncAt } = first;
      const subject = `command:${id}/${firstCommand}`;
      const [secrets, commands, tests] = await Promise.all([
        client.listSecrets(id, { signal }),
        client.listCommands(id, { signal }),
        readsAudit ? client.listAudit({ subject, action: 'command.tested', limit: 1 }, { signal }) : null,
      ]);
      const invoked = lastSyncAt !== null;
      return {
        integration: { id, name },
        secret: secrets.items.length > 0,
        command: commands.items.some((command) => command.name === firstCommand),
        tested: tests === null ? invoked : tests.items.length > 0,
        invoked,
      };
    },
    enabled: mayConfigure,
    refetchInterval: ({ state }) => (state.data !== undefined && areOver(state.data) ? false : 5_000),
  });
}
