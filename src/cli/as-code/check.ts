import type { KeyAccounts } from '../../contract/api-key.ts';
import { builtInCommandTypes, type CommandType } from '../../contract/command-type.ts';
import type { IntegrationEntry } from '../../contract/configuration-file.ts';
import { minSecretLength } from '../../contract/integration.ts';
import type { FieldError } from '../../contract/problem.ts';
import { referenceProblems, textsOf } from '../../integrations/authentication/references.ts';
import { refuseTakenNames } from '../../integrations/clashes.ts';
import { accountFor, reaches } from '../../integrations/scope.ts';
import type { Environment } from '../../platform/config.ts';
import { afterwards, breakingProblems, storedCommand } from './afterwards.ts';
import { assumedIn, workProblems } from './check-work.ts';
import type { Current, CurrentIntegration } from './current.ts';
import { type Gaps, isGap } from './gaps.ts';
import { noEnvironment } from './lenient.ts';
import type { Mistake, Wanted } from './read.ts';
import { refused } from './refused.ts';

/** Secrets whose environment variable is not set, or holds what cannot be one. */
export function checkSecrets({ integrations, mistakeOf }: Wanted, env: Environment): Mistake[] {
  return [...integrations].flatMap(([id, { secrets = {} }]) =>
    Object.entries(secrets).flatMap(([name, { env: variable }]) => {
      const value = env[variable] ?? '';
      if (variable === noEnvironment || value.length >= minSecretLength) return [];
      const message =
        value === ''
          ? `the environment variable ${variable} is not set`
          : `${variable} holds fewer than ${minSecretLength} characters: shorter secrets cannot be kept out of records`;
      return [mistakeOf({ path: `integrations.${id}.secrets.${name}.env`, message })];
    }),
  );
}

/**
 * What the API would refuse of the files, as far as it can be known before anything is sent. Of what is not of the right
 * shape nothing is said, nor of what only seems to be missing because of it.
 */
export function checkWanted(wanted: Wanted, current: Current, { prune }: { prune: boolean }): Mistake[] {
  const { gaps } = wanted;
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
    const now = current.integrations.get(id) ?? null;
    const found = [
      ...accountProblems(entry, now, current.accounts),
      ...integrationProblems(id, entry, now, { types, prune, gaps }),
    ];
    errors.push(...found.map(({ path, message }) => ({ path: `integrations.${id}.${path}`, message })));
  }
  return errors.filter(({ path }) => !isGap(gaps, path)).map(wanted.mistakeOf);
}

/** The same without Errand. Of names that are not in the files, but may be there, nothing is said. */
export function checkAlone(wanted: Wanted, options: { prune: boolean }): Mistake[] {
  const mayHaveMore = ([, { variables, secrets, commands }]: [string, IntegrationEntry]) =>
    !options.prune || [variables, secrets, commands].includes(undefined);
  const open = [...wanted.integrations].filter(mayHaveMore).map(([id]) => id);
  const gaps = { ...wanted.gaps, open: new Set([...wanted.gaps.open, ...open]), moreTypes: true };
  return checkWanted({ ...wanted, gaps }, { accounts: '*', types: [], integrations: new Map() }, options);
}

/** An integration stays in its account, and is made in one that the key is for. */
function accountProblems(
  { account }: IntegrationEntry,
  now: CurrentIntegration | null,
  accounts: KeyAccounts,
): FieldError[] {
  if (now !== null) {
    const own = now.integration.account;
    const moved = account !== undefined && account !== own;
    return moved ? [{ path: 'account', message: `cannot be changed; it is "${own}"` }] : [];
  }
  if (accounts === '*' || reaches(accounts, account ?? accountFor(accounts))) return [];
  const those = accounts.map((each) => `"${each}"`).join(', ');
  const message =
    account === undefined
      ? `is required: the API key is for ${those}`
      : `the API key is not for the account "${account}"; it is for ${those}`;
  return [{ path: 'account', message }];
}

function integrationProblems(
  id: string,
  entry: IntegrationEntry,
  now: CurrentIntegration | null,
  { types, prune, gaps }: { types: readonly CommandType[]; prune: boolean; gaps: Gaps },
): FieldError[] {
  const around = afterwards(entry, now, { types, prune });
  const { auth = null, tls = null } = entry;
  const open = gaps.open.has(id);
  const texts = open ? [...Object.values(textsOf(auth)), ...Object.values(textsOf(tls))] : [];
  return [
    ...nameProblems(entry, now, types),
    ...(open ? [] : breakingProblems(entry, now, { types, prune })),
    ...referenceProblems({ auth, tls }, [...around.values, ...assumedIn(texts, around.values)]),
    ...workProblems(id, entry, around, gaps),
  ];
}

/** A name is a variable or a secret, and no token of a command that is there already. */
function nameProblems(
  { variables = {}, secrets = {} }: IntegrationEntry,
  now: CurrentIntegration | null,
  types: readonly CommandType[],
): FieldError[] {
  const both = Object.keys(secrets)
    .filter((name) => Object.hasOwn(variables, name))
    .map((name) => ({ path: `secrets.${name}`, message: 'is a variable, too; a name has one value' }));
  return now === null ? both : [...both, ...clashes({ variables, secrets }, now, types)];
}

function clashes(
  { variables, secrets }: Record<'variables' | 'secrets', Readonly<Record<string, unknown>>>,
  now: CurrentIntegration,
  types: readonly CommandType[],
): FieldError[] {
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
