import { isDeepStrictEqual } from 'node:util';
import type { HttpClient } from '../../client/http.ts';
import type { IntegrationEntry } from '../../contract/configuration-file.ts';
import { integrationConfiguration, typeConfiguration } from './comparable.ts';
import { type Current, type CurrentIntegration, everyItem, orNull } from './current.ts';
import { differencesOf } from './differences.ts';
import { commandSteps, scheduleSteps, secretSteps } from './plan-parts.ts';
import type { Wanted } from './read.ts';
import { removals } from './removals.ts';
import type { PlanOptions, Step } from './step.ts';

/**
 * From how it is to how the files have it, in an order in which each request finds what it needs: command types,
 * integrations with their variables, secrets, commands, schedules, and at last what is deleted.
 */
export function planOf(wanted: Wanted, current: Current, options: PlanOptions): Step[] {
  const integrations = [...wanted.integrations].map(([id, entry]) => ({
    id,
    entry,
    now: current.integrations.get(id) ?? null,
  }));
  return [
    ...typeSteps(wanted, current),
    ...integrations.flatMap(({ id, entry, now }) => integrationStep(id, entry, now)),
    ...integrations.flatMap(({ id, entry, now }) => secretSteps(id, entry, now, options)),
    ...integrations.flatMap(({ id, entry, now }) => commandSteps(id, entry, now)),
    ...integrations.flatMap(({ id, entry, now }) => scheduleSteps(id, entry, now)),
    ...(options.prune ? integrations.flatMap(({ id, entry, now }) => removals(id, entry, now)) : []),
  ];
}

function typeSteps({ commandTypes }: Wanted, { types }: Current): Step[] {
  return [...commandTypes].flatMap(([name, body]) => {
    const there = types.find((type) => type.name === name);
    const seen = there === undefined ? null : typeConfiguration(there);
    const after = typeConfiguration(body);
    if (isDeepStrictEqual(seen, after)) return [];
    return {
      action: there === undefined ? 'create' : 'change',
      kind: 'command type',
      name,
      path: `commandTypes.${name}`,
      differences: differencesOf(seen ?? undefined, after),
      seen,
      async look(client) {
        const now = (await everyItem((query) => client.listCommandTypes(query))).find((type) => type.name === name);
        return now === undefined ? null : typeConfiguration(now);
      },
      send: (client) => client.putCommandType(name, body),
    } satisfies Step;
  });
}

function integrationStep(id: string, entry: IntegrationEntry, now: CurrentIntegration | null): Step[] {
  const { secrets, commands, schedules, ...body } = entry;
  // Those that the files do not have are deleted at last, when no command needs them any more.
  const variables = { ...now?.integration.variables, ...body.variables };
  const seen = now === null ? null : integrationConfiguration(now.integration);
  const after = integrationConfiguration({ ...body, variables });
  if (isDeepStrictEqual(seen, after)) return [];
  const account = now === null && body.account !== undefined ? { account: body.account } : {};
  const step: Step = {
    action: now === null ? 'create' : 'change',
    kind: 'integration',
    name: id,
    path: `integrations.${id}`,
    differences: differencesOf(seen ?? undefined, { ...account, ...after }),
    seen,
    look: (client) => lookAt(client, id),
    send: (client) => client.putIntegration(id, { ...body, type: 'custom', variables }),
  };
  return [step];
}

async function lookAt(client: HttpClient, id: string) {
  const now = await orNull(client.getIntegration(id));
  return now === null ? null : integrationConfiguration(now);
}
