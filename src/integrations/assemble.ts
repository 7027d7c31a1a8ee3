import { builtInCommandTypes, type CommandType } from '../contract/command-type.ts';
import type { FieldError } from '../contract/problem.ts';
import { compileAccept } from '../judging/accept.ts';
import { policyFor } from '../judging/policy.ts';
import { compileRequest } from '../tokens/compile.ts';
import { namesIn } from './authentication/references.ts';
import { resolveAuthentication } from './authentication/resolve.ts';
import { boundSecrets } from './bound-secrets.ts';
import { asksConditionally, valuesSince } from './conditional.ts';
import type { CompiledCommand, Configuration } from './configuration.ts';
import { namesOfKind } from './names-of-kind.ts';
import { secretContext } from './secret-context.ts';
import type { StoredCommand, StoredConfiguration, StoredValue } from './stored.ts';

/** The command type of that name, built in or added. */
export function typeOf(name: string, stored: readonly CommandType[]): CommandType | undefined {
  return builtInCommandTypes.find((type) => type.name === name) ?? stored.find((type) => type.name === name);
}

/** What else the requests of an integration's commands depend on. */
export function surroundingsOf({
  integration: { authentication },
}: Pick<StoredConfiguration, 'integration'>): Surroundings {
  if (authentication === null) return alone;
  const { auth, tls, since } = authentication;
  // With OAuth the client's secret goes to the token endpoint only.
  const sent = namesIn({ auth: auth?.type === 'oauth2-client-credentials' ? null : auth, tls });
  return { uses: namesIn({ auth, tls }), sent, since };
}

type Surroundings = { uses: readonly string[]; sent: readonly string[]; since: number };
const alone: Surroundings = { uses: [], sent: [], since: 0 };

export type CompiledOrErrors = { ok: true; command: CompiledCommand } | { ok: false; errors: readonly FieldError[] };

/** Compiles a command against its type and the names of the values around it. */
export function compileCommand(
  { name, version, definition }: Pick<StoredCommand, 'name' | 'version' | 'definition'>,
  type: CommandType,
  values: readonly (Pick<StoredValue, 'name' | 'kind'> & Partial<Pick<StoredValue, 'since' | 'allowedHosts'>>)[],
  around: Surroundings = alone,
): CompiledOrErrors {
  const compilation = compileRequest(definition.request, {
    commandType: type.tokens,
    variables: namesOfKind(values, 'variable'),
    secrets: namesOfKind(values, 'secret'),
  });
  if (!compilation.ok) return compilation;
  const { uses } = compilation.compiled;
  const command: CompiledCommand = {
    name,
    version,
    definition,
    type,
    request: compilation.compiled,
    accept: compileAccept(definition.accept, type.result?.contentTypes),
    conditional: asksConditionally(definition, compilation.compiled),
    valuesSince: Math.max(around.since, valuesSince({ uses: [...uses, ...around.uses] }, values)),
    bound: boundSecrets({ uses: [...uses, ...around.sent] }, values),
    policy: { interactive: policyFor(definition, 'interactive'), batch: policyFor(definition, 'batch') },
  };
  return { ok: true, command };
}

export type AssembleDependencies = {
  sealer: { open(sealed: string, context: string): string };
  createRedactor: (values: readonly string[]) => (text: string) => string;
};

/** Replaces the values of an integration's secrets wherever they appear in a text. */
export function redactorOf(stored: StoredConfiguration, dependencies: AssembleDependencies): (text: string) => string {
  return redactorOfSecrets(openSecrets(stored, dependencies.sealer), dependencies);
}

function redactorOfSecrets(
  secrets: ReadonlyMap<string, string | null>,
  { createRedactor }: AssembleDependencies,
  derived: readonly string[] = [],
) {
  return createRedactor([...[...secrets.values()].filter((value) => value !== null), ...derived]);
}

/** Makes a stored configuration ready to run. A command that cannot be compiled any more does not break the others. */
export function assemble(stored: StoredConfiguration, dependencies: AssembleDependencies): Configuration {
  const { integration, values } = stored;
  const secrets = openSecrets(stored, dependencies.sealer);
  const { commands, broken } = compileAll(stored);
  const variables = new Map(
    values.flatMap(({ name, kind, value }): [string, string][] => (kind === 'variable' ? [[name, value ?? '']] : [])),
  );
  const authentication =
    integration.authentication === null
      ? null
      : resolveAuthentication(integration.authentication, { variables, secrets }, values);
  return {
    integration: integration.id,
    account: integration.account,
    name: integration.name,
    status: integration.status,
    hold: integration.hold,
    version: integration.configurationVersion,
    limits: integration.limits,
    variables,
    secrets,
    authentication,
    commands,
    broken,
    redact: redactorOfSecrets(secrets, dependencies, authentication?.derived),
  };
}

function openSecrets({ integration, values }: StoredConfiguration, sealer: AssembleDependencies['sealer']) {
  const secrets = new Map<string, string | null>();
  for (const { name, kind, sealed } of values) {
    if (kind === 'secret') secrets.set(name, openOrNull(sealer, sealed ?? '', secretContext(integration.id, name)));
  }
  return secrets;
}

/** Whatever the reason is, the answer to the person is the same: save the secret again. */
function openOrNull(sealer: AssembleDependencies['sealer'], sealed: string, context: string): string | null {
  try {
    return sealer.open(sealed, context);
  } catch {
    return null;
  }
}

function compileAll(stored: StoredConfiguration) {
  const commands = new Map<string, CompiledCommand>();
  const broken = new Map<string, readonly FieldError[]>();
  const around = surroundingsOf(stored);
  for (const command of stored.commands.filter(({ deleted }) => !deleted)) {
    const type = typeOf(command.name, stored.types);
    const compiled: CompiledOrErrors =
      type === undefined
        ? { ok: false, errors: [{ path: '', message: `There is no command type "${command.name}" any more.` }] }
        : compileCommand(command, type, stored.values, around);
    if (compiled.ok) commands.set(command.name, compiled.command);
    else broken.set(command.name, compiled.errors);
  }
  return { commands, broken };
}
