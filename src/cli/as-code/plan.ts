import { typeConfiguration } from './comparable.ts';
import { type Current, everyItem } from './current.ts';
import { integrationSteps } from './integration-steps.ts';
import { commandSteps, scheduleSteps, secretSteps } from './plan-parts.ts';
import type { Wanted } from './read.ts';
import { removals } from './removals.ts';
import { changeSteps, type PlanOptions, type Step } from './step.ts';

/**
 * From how it is to how the files have it, in an order in which each request finds what it needs: command types,
 * integrations with their variables, secrets, what authenticates with new secrets, commands, schedules, and at last what is
 * deleted.
 */
export function planOf(wanted: Wanted, current: Current, options: PlanOptions): Step[] {
  const integrations = [...wanted.integrations].map(([id, entry]) => ({
    id,
    entry,
    now: current.integrations.get(id) ?? null,
  }));
  const themselves = integrations.map(({ id, entry, now }) => integrationSteps(id, entry, now));
  return [
    ...typeSteps(wanted, current),
    ...themselves.flatMap(({ beforeSecrets }) => beforeSecrets),
    ...integrations.flatMap(({ id, entry, now }) => secretSteps(id, entry, now, options)),
    ...themselves.flatMap(({ afterSecrets }) => afterSecrets),
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
    const step: Parameters<typeof changeSteps>[0] = {
      kind: 'command type',
      name,
      path: `commandTypes.${name}`,
      async look(client) {
        const now = (await everyItem((query) => client.listCommandTypes(query))).find((type) => type.name === name);
        return now === undefined ? null : typeConfiguration(now);
      },
      send: (client) => client.putCommandType(name, body),
    };
    return changeSteps(step, seen, after);
  });
}
