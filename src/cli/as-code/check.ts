import type { CommandBody } from '../../contract/command.ts';
import { builtInCommandTypes, type CommandType } from '../../contract/command-type.ts';
import type { IntegrationEntry } from '../../contract/configuration-file.ts';
import { minSecretLength } from '../../contract/integration.ts';
import type { FieldError } from '../../contract/problem.ts';
import { typeOf } from '../../integrations/assemble.ts';
import { referenceProblems } from '../../integrations/authentication/references.ts';
import { refuseTakenNames } from '../../integrations/clashes.ts';
import { problemsOf, requireType } from '../../integrations/commands.ts';
import type { Around } from '../../integrations/stored.ts';
import type { Environment } from '../../platform/config.ts';
import { scheduleProblems } from '../../schedules/check.ts';
import { afterwards, breakingProblems, storedCommand } from './afterwards.ts';
import { commandConfiguration, scheduleConfiguration } from './comparable.ts';
import type { Current, CurrentIntegration } from './current.ts';
import type { Mistake, Wanted } from './read.ts';
import { refused } from './refused.ts';

/** Secrets whose environment variable is not set, or holds what cannot be one. */
export function checkSecrets({ integrations, placeOf }: Wanted, env: Environment): Mistake[] {
  return [...integrations].flatMap(([id, { secrets = {} }]) =>
    Object.entries(secrets).flatMap(([name, { env: variable }]) => {
      const value = env[variable] ?? '';
      if (value.length >= minSecretLength) return [];
      const path = `integrations.${id}.secrets.${name}.env`;
      const message =
        value === ''
          ? `the environment variable ${variable} is not set`
          : `${variable} holds fewer than ${minSecretLength} characters: shorter secrets cannot be kept out of records`;
      return [{ place: placeOf(path), path, message }];
    }),
  );
}

/** What the API would refuse of the files, as far as it can be known before anything is sent. */
export function checkWanted(wanted: Wanted, current: Current, { prune }: { prune: boolean }): Mistake[] {
  const builtIn = new Set(builtInCommandTypes.map(({ name }) => name));
  const errors: FieldError[] = [...wanted.commandTypes.keys()]
    .filter((name) => builtIn.has(name))
    .map((name) => ({
      path: `commandTypes.${name}`,
      message: 'is built in and cannot be changed; choose another name',
    }));
  const added = current.types.filter(({ name }) => !wanted.commandTypes.has(name));
  const types = [...added, ...[...wanted.commandTypes].map(([name, body]) => ({ name, builtIn: false, ...body }))];
  for (const [id, entry] of wanted.integrations) {
    const found = integrationProblems(entry, current.integrations.get(id) ?? null, { types, prune });
    errors.push(...found.map(({ path, message }) => ({ path: `integrations.${id}.${path}`, message })));
  }
  return errors.map(({ path, message }) => ({ place: wanted.placeOf(path), path, message }));
}

function integrationProblems(
  entry: IntegrationEntry,
  now: CurrentIntegration | null,
  { types, prune }: { types: readonly CommandType[]; prune: boolean },
): FieldError[] {
  const around = afterwards(entry, now, { types, prune });
  const account = now?.integration.account;
  const moved = account !== undefined && entry.account !== undefined && entry.account !== account;
  return [
    ...(moved ? [{ path: 'account', message: `cannot be changed; it is "${account}"` }] : []),
    ...nameProblems(entry, now, types),
    ...breakingProblems(entry, now, { types, prune }),
    ...referenceProblems({ auth: entry.auth ?? null, tls: entry.tls ?? null }, around.values),
    ...Object.entries(entry.commands ?? {}).flatMap(([name, body]) =>
      commandProblems(name, body, around).map(below(`commands.${name}`)),
    ),
    ...Object.entries(entry.schedules ?? {}).flatMap(([name, body]) =>
      scheduleProblems(scheduleConfiguration(body), around).map(below(`schedules.${name}`)),
    ),
  ];
}

function commandProblems(name: string, body: CommandBody, around: Around): FieldError[] {
  const type = typeOf(name, around.types);
  if (type === undefined) return refused('', () => requireType(around, name));
  return problemsOf(commandConfiguration(body), type, around);
}

/** A name is a variable or a secret, and no token of a command that is there already. */
function nameProblems(
  { variables = {}, secrets = {} }: IntegrationEntry,
  now: CurrentIntegration | null,
  types: readonly CommandType[],
): FieldError[] {
  if (now === null) return [];
  const { variables: current } = now.integration;
  const turned = (kind: 'secret' | 'variable', path: string) => ({
    path,
    message: `is a ${kind} in Errand, and a name is one or the other: delete that first`,
  });
  const fresh = [...Object.keys(variables), ...Object.keys(secrets)].filter(
    (name) => !Object.hasOwn(current, name) && !now.secrets.has(name),
  );
  const commands = [...now.commands.values()].map((command) => storedCommand(command.name, command));
  const pathOf = (name: string) => `${Object.hasOwn(variables, name) ? 'variables' : 'secrets'}.${name}`;
  return [
    ...Object.keys(variables).flatMap((name) => (now.secrets.has(name) ? [turned('secret', `variables.${name}`)] : [])),
    ...Object.keys(secrets).flatMap((name) =>
      Object.hasOwn(current, name) ? [turned('variable', `secrets.${name}`)] : [],
    ),
    ...refused('', () => refuseTakenNames({ commands, types }, fresh, pathOf)),
  ];
}

const below =
  (prefix: string) =>
  ({ path, message }: FieldError): FieldError => ({
    path: path === '' ? prefix : `${prefix}.${path}`,
    message,
  });
