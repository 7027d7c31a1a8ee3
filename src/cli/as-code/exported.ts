import { Document } from 'yaml';
import type { CommandType } from '../../contract/command-type.ts';
import type { ConfigurationFile, IntegrationEntry } from '../../contract/configuration-file.ts';
import type { ScheduleBody } from '../../contract/schedule.ts';
import {
  commandConfiguration,
  integrationConfiguration,
  scheduleConfiguration,
  typeConfiguration,
} from './comparable.ts';
import type { CurrentIntegration } from './current.ts';

/** Names environment variables for secrets, none twice. */
export type EnvironmentNames = { nameFor(integration: string, secret: string): string };

export function createEnvironmentNames(): EnvironmentNames {
  const taken = new Set<string>();
  return {
    nameFor(integration, secret) {
      const words = `${integration}_${secret}`
        .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
        .replace(/[^A-Za-z0-9]+/g, '_')
        .replace(/^_+|_+$/g, '')
        .toUpperCase();
      // A name that begins with a digit is none, and ERRAND_… is Errand's own.
      const base = /^(?:\d|ERRAND_|$)/.test(words) ? `SECRET_${words}` : words;
      let name = base;
      for (let number = 2; taken.has(name); number += 1) name = `${base}_${number}`;
      taken.add(name);
      return name;
    },
  };
}

/**
 * An integration as a file has it; secrets as the environment variables that they are to be put into. Every section is
 * there, so that `--prune` finds what is added to one that was empty.
 */
export function entryOf({ integration, ...around }: CurrentIntegration, names: EnvironmentNames): IntegrationEntry {
  const secrets = [...around.secrets.values()].map(({ name, allowedHosts }) => [
    name,
    { env: names.nameFor(integration.id, name), ...(allowedHosts === null ? {} : { allowedHosts }) },
  ]);
  const commands = [...around.commands].map(([name, command]) => [name, commandConfiguration(command)]);
  const schedules = [...around.schedules].map(([name, schedule]) => [name, scheduleBody(schedule)]);
  const { name, variables, ...fields } = integrationConfiguration(integration);
  return {
    account: integration.account,
    name: integration.name,
    // By name: two exports of the same differ in nothing.
    variables: byName(integration.variables),
    ...fields,
    secrets: Object.fromEntries(secrets),
    commands: Object.fromEntries(commands),
    schedules: Object.fromEntries(schedules),
  };
}

const byName = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Without what is as it is by default. */
function scheduleBody(schedule: Parameters<typeof scheduleConfiguration>[0]): ScheduleBody {
  const definition = scheduleConfiguration(schedule);
  const bare = scheduleConfiguration({ command: definition.command, cron: definition.cron });
  const kept = Object.entries(definition).filter(
    ([field, value]) => field === 'command' || field === 'cron' || value !== bare[field as keyof typeof bare],
  );
  return Object.fromEntries(kept) as ScheduleBody;
}

export function commandTypesOf(types: readonly CommandType[]): NonNullable<ConfigurationFile['commandTypes']> {
  return Object.fromEntries(types.map((type) => [type.name, typeConfiguration(type)]));
}

/** As YAML that reads back as it is, by readers of YAML 1.1, too, to whom `no` without quotes is false. */
export function yamlOf(content: ConfigurationFile, comment: string): string {
  const document = new Document(content, { aliasDuplicateObjects: false, compat: 'yaml-1.1' });
  document.commentBefore = comment;
  return document.toString({ lineWidth: 0 });
}
