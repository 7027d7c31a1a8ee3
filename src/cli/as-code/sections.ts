import type { CurrentIntegration } from './current.ts';
import type { Wanted } from './read.ts';

/** The parts of an integration that a file may leave out: then they are none of its business, and nothing is deleted of them. */
export const sections = ['variables', 'secrets', 'commands', 'schedules'] as const;
export type Section = (typeof sections)[number];

/** What would be deleted if the files had that section of the integration. */
export type LeftAlone = { integration: string; section: Section; names: string[] };

/** Integration by integration, what nothing is deleted of. */
export function leftAloneOf(
  { integrations }: Wanted,
  current: ReadonlyMap<string, CurrentIntegration | null>,
): LeftAlone[] {
  return [...integrations].flatMap(([integration, entry]) => {
    const now = current.get(integration) ?? null;
    return sections
      .filter((section) => entry[section] === undefined)
      .map((section) => ({ integration, section, names: namesOf(now, section) }))
      .filter(({ names }) => names.length > 0);
  });
}

/** The names that Errand has in a section; `null`: there is no such integration. */
export function namesOf(now: CurrentIntegration | null, section: Section): string[] {
  if (now === null) return [];
  return [...(section === 'variables' ? variablesOf(now) : now[section]).keys()];
}

export function variablesOf({ integration }: CurrentIntegration): ReadonlyMap<string, string> {
  return new Map(Object.entries(integration.variables));
}

/** What the files do not have, of a section that they have. */
export function strange<Value>(there: ReadonlyMap<string, Value>, section: object | undefined): [string, Value][] {
  return section === undefined ? [] : [...there].filter(([name]) => !Object.hasOwn(section, name));
}
