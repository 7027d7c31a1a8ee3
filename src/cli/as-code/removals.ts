import type { IntegrationEntry } from '../../contract/configuration-file.ts';
import { scheduleConfiguration } from './comparable.ts';
import { type CurrentIntegration, everyItem, orNull } from './current.ts';
import { strange, variablesOf } from './sections.ts';
import type { Kind, Step } from './step.ts';

/** What an integration has that the sections of its entry do not have; what uses others before what is used. */
export function removals(id: string, entry: IntegrationEntry, now: CurrentIntegration | null): Step[] {
  if (now === null) return [];
  const step = (kind: Kind, name: string, rest: Pick<Step, 'seen' | 'look' | 'send'>): Step => {
    return { action: 'delete', kind, name: `${id}/${name}`, path: `integrations.${id}`, differences: [], ...rest };
  };
  const schedules = strange(now.schedules, entry.schedules).map(([name, schedule]) =>
    step('schedule', name, {
      seen: scheduleConfiguration(schedule),
      async look(client) {
        const stored = await orNull(client.schedule(id, name));
        return stored === null ? null : scheduleConfiguration(stored);
      },
      send: (client) => client.deleteSchedule(id, name),
    }),
  );
  const commands = strange(now.commands, entry.commands).map(([name, { version }]) =>
    step('command', name, {
      seen: version,
      look: async (client) => (await orNull(client.getCommand(id, name)))?.version ?? null,
      send: (client) => client.deleteCommand(id, name),
    }),
  );
  const secrets = strange(now.secrets, entry.secrets).map(([name, { updatedAt }]) =>
    step('secret', name, {
      seen: updatedAt,
      async look(client) {
        const stored = await orNull(everyItem((query) => client.listSecrets(id, query)));
        return stored?.find((secret) => secret.name === name)?.updatedAt ?? null;
      },
      send: (client) => client.deleteSecret(id, name),
    }),
  );
  const variables = strange(variablesOf(now), entry.variables).map(([name, value]) =>
    step('variable', name, {
      seen: value,
      look: async (client) => (await orNull(client.getIntegration(id)))?.variables[name] ?? null,
      send: (client) => client.patchIntegration(id, { variables: { [name]: null } }),
    }),
  );
  return [...schedules, ...commands, ...secrets, ...variables];
}
