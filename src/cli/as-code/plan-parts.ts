import { isDeepStrictEqual } from 'node:util';
import type { IntegrationEntry } from '../../contract/configuration-file.ts';
import { commandConfiguration, givenSecret, scheduleConfiguration, storedSecret } from './comparable.ts';
import { type CurrentIntegration, everyItem, orNull } from './current.ts';
import { differencesOf } from './differences.ts';
import { changeSteps, type PlanOptions, type Step } from './step.ts';

/** The secrets of an integration: of what is there only its hint is known, so that is what is compared. */
export function secretSteps(
  id: string,
  { secrets = {} }: IntegrationEntry,
  now: CurrentIntegration | null,
  { updateSecrets, secretOf }: PlanOptions,
): Step[] {
  return Object.entries(secrets).flatMap(([name, reference]) => {
    const value = secretOf(reference.env);
    const there = now?.secrets.get(name);
    const after = givenSecret(reference, value);
    const same = there !== undefined && isDeepStrictEqual(storedSecret(there), after);
    if (same && !updateSecrets) return [];
    const seen = there?.updatedAt ?? null;
    const { allowedHosts } = reference;
    return {
      action: there === undefined ? 'create' : 'change',
      kind: 'secret',
      name: `${id}/${name}`,
      path: `integrations.${id}.secrets.${name}`,
      differences: [
        ...differencesOf(there === undefined ? undefined : storedSecret(there), after),
        ...(same ? [{ path: 'value', before: after.value, after: `saved again, from ${reference.env}` }] : []),
      ],
      seen,
      async look(client) {
        const stored = await orNull(everyItem((query) => client.listSecrets(id, query)));
        return stored?.find((secret) => secret.name === name)?.updatedAt ?? null;
      },
      send: (client) => client.putSecret(id, name, value, allowedHosts === undefined ? {} : { allowedHosts }),
    } satisfies Step;
  });
}

/** The commands of an integration. */
export function commandSteps(id: string, { commands = {} }: IntegrationEntry, now: CurrentIntegration | null): Step[] {
  return Object.entries(commands).flatMap(([name, body]) => {
    const there = now?.commands.get(name);
    const before = there === undefined ? null : commandConfiguration(there);
    const step: Parameters<typeof changeSteps>[0] = {
      kind: 'command',
      name: `${id}/${name}`,
      path: `integrations.${id}.commands.${name}`,
      // The API itself saves it only on top of the version that was seen.
      look: async () => before,
      send: (client) => client.putCommand(id, name, body, { ifVersion: there?.version ?? null }),
    };
    return changeSteps(step, before, commandConfiguration(body));
  });
}

/** The schedules of an integration. */
export function scheduleSteps(
  id: string,
  { schedules = {} }: IntegrationEntry,
  now: CurrentIntegration | null,
): Step[] {
  return Object.entries(schedules).flatMap(([name, body]) => {
    const there = now?.schedules.get(name);
    const seen = there === undefined ? null : scheduleConfiguration(there);
    const step: Parameters<typeof changeSteps>[0] = {
      kind: 'schedule',
      name: `${id}/${name}`,
      path: `integrations.${id}.schedules.${name}`,
      async look(client) {
        const stored = await orNull(client.schedule(id, name));
        return stored === null ? null : scheduleConfiguration(stored);
      },
      send: (client) => client.putSchedule(id, name, body),
    };
    return changeSteps(step, seen, scheduleConfiguration(body)).map((each) => ({
      ...each,
      differences: each.differences.filter(({ before, after }) => (before ?? after ?? null) !== null),
    }));
  });
}
