import type { CommandType } from '../../contract/command-type.ts';
import type { IntegrationEntry } from '../../contract/configuration-file.ts';
import type { FieldError } from '../../contract/problem.ts';
import { refuseBreaking } from '../../integrations/clashes.ts';
import type { Around } from '../../integrations/stored.ts';
import { commandConfiguration } from './comparable.ts';
import type { CurrentIntegration } from './current.ts';
import { refused } from './refused.ts';
import { namesOf, strange, variablesOf } from './sections.ts';

type Surroundings = { types: readonly CommandType[]; prune: boolean };

/** Values and commands of an integration as they are when all is applied. */
export function afterwards(
  entry: IntegrationEntry,
  now: CurrentIntegration | null,
  { types, prune }: Surroundings,
): Around {
  const stays = (section: 'variables' | 'secrets' | 'commands') =>
    now === null || (prune && entry[section] !== undefined) ? null : now;
  const names = (section: 'variables' | 'secrets') => [
    ...new Set([...namesOf(stays(section), section), ...Object.keys(entry[section] ?? {})]),
  ];
  const commands = new Map([...(stays('commands')?.commands ?? []), ...Object.entries(entry.commands ?? {})]);
  return {
    types,
    values: [...valuesOf(names('variables'), 'variable'), ...valuesOf(names('secrets'), 'secret')],
    commands: [...commands].map(([name, body]) => storedCommand(name, body)),
  };
}

/** What would be deleted although something needs it that is left alone, since the files do not have its section. */
export function breakingProblems(
  entry: IntegrationEntry,
  now: CurrentIntegration | null,
  { types, prune }: Surroundings,
): FieldError[] {
  if (now === null || !prune) return [];
  return [...ofLeftCommands(entry, now, types), ...ofLeftSchedules(entry, now)];
}

function ofLeftCommands(entry: IntegrationEntry, now: CurrentIntegration, types: readonly CommandType[]): FieldError[] {
  if (entry.commands !== undefined) return [];
  const commands = [...now.commands].map(([name, command]) => storedCommand(name, command));
  const { values } = afterwards(entry, now, { types, prune: false });
  return (['variables', 'secrets'] as const).flatMap((section) => {
    const there = section === 'variables' ? variablesOf(now) : now.secrets;
    const removed = namesOnly(strange<unknown>(there, entry[section]));
    const after = values.filter(({ name }) => !removed.includes(name));
    return refused(section, () => refuseBreaking({ types, commands, values }, after, removed));
  });
}

function ofLeftSchedules(entry: IntegrationEntry, now: CurrentIntegration): FieldError[] {
  if (entry.schedules !== undefined) return [];
  const removed = namesOnly(strange(now.commands, entry.commands));
  return [...now.schedules.values()].flatMap(({ name: schedule, command, source }) =>
    removed
      .filter((name) => name === command || name === source?.command)
      .map((name) => ({
        path: 'commands',
        message: `"${name}" cannot be removed: the schedule "${schedule}" runs it. Change or delete that schedule first.`,
      })),
  );
}

export function storedCommand(
  name: string,
  body: Parameters<typeof commandConfiguration>[0],
): Around['commands'][number] {
  return { name, version: 0, definition: commandConfiguration(body), deleted: false };
}

const valuesOf = (names: readonly string[], kind: 'variable' | 'secret') => names.map((name) => ({ name, kind }));
const namesOnly = (entries: readonly [string, unknown][]) => entries.map(([name]) => name);
