import type { KeyAccounts } from '../contract/api-key.ts';
import { type FieldError, Refusal } from '../contract/problem.ts';
import type { Tokens, TokenValue } from '../contract/tokens.ts';
import type { CompiledCommand, Configuration } from '../integrations/configuration.ts';
import { missingTokens } from '../tokens/compile.ts';
import { resolveTokens, sensitiveNames } from '../tokens/names.ts';
import { textsOf } from './outgoing.ts';
import { isSourceToken, type SourceValues, sourceTokensOf } from './source.ts';

export type TokenSealer = {
  seal(plaintext: string, context: string): string;
  fingerprint(integration: string, command: string, tokens: Tokens): Buffer;
};

export type UsableCommand = { configuration: Configuration; command: CompiledCommand };

/** The tokens of an invocation as they are kept. */
export type PreparedTokens = {
  tokens: Tokens;
  sealedTokens: string | null;
  /** Identifies the values that the result depends on. */
  fingerprint: Buffer;
  /** Identifies all values, for an idempotency key. */
  keyFingerprint: () => Buffer;
};

/** Names the row and field that sealed tokens belong to, so that they open nowhere else. */
export function sealedTokensContext(invocation: string): string {
  return `invocations/${invocation}/tokens`;
}

/**
 * The command that is asked for, if it can be used by a key of these accounts.
 *
 * @throws Refusal `not-found`; `conflict` if it does not fit its command type any more
 */
export function requireCommand(
  configuration: Configuration | null,
  accounts: KeyAccounts,
  asked: { integration: string; command: string },
): UsableCommand {
  if (configuration === null || (accounts !== '*' && !accounts.includes(configuration.account))) {
    throw new Refusal('not-found', `There is no integration "${asked.integration}".`);
  }
  const command = configuration.commands.get(asked.command);
  if (command === undefined) throw notConfigured(configuration, asked.command);
  return { configuration, command };
}

/**
 * Checks token values against the command and makes them ready to be kept, sensitive ones sealed for this invocation.
 *
 * @throws Refusal `invalid`, with paths that begin with `tokens`
 */
export function prepareTokens(
  sealer: TokenSealer,
  usable: UsableCommand,
  invocation: string,
  given: Tokens,
  source?: SourceValues,
): PreparedTokens {
  const { configuration, command } = usable;
  const values = checkTokens(usable, given, source);
  const { open, sealed } = splitSensitive(usable, values);
  return {
    tokens: open,
    sealedTokens: sealed === null ? null : sealer.seal(JSON.stringify(sealed), sealedTokensContext(invocation)),
    fingerprint: sealer.fingerprint(configuration.integration, command.name, usedTokens(command, values)),
    keyFingerprint: () => sealer.fingerprint(configuration.integration, command.name, Object.fromEntries(values)),
  };
}

/**
 * The tokens that the command's request uses, which are all that its result depends on: whoever clicks on an invoice
 * gets the stored one, though each click comes with another `ipAddress`, as long as nothing of that is sent.
 */
export function usedTokens({ request }: CompiledCommand, tokens: ReadonlyMap<string, TokenValue>): Tokens {
  return Object.fromEntries([...tokens].filter(([name]) => request.uses.includes(name)));
}

function notConfigured(configuration: Configuration, command: string): Refusal {
  const broken = configuration.broken.get(command);
  if (broken !== undefined) {
    return new Refusal(
      'conflict',
      `Command "${command}" does not fit its command type any more; save it again.`,
      broken,
    );
  }
  const names = [...configuration.commands.keys()];
  const has = names.length === 0 ? 'it has none yet' : `it has ${names.map((name) => `"${name}"`).join(', ')}`;
  return new Refusal('not-found', `Integration "${configuration.integration}" has no command "${command}"; ${has}.`);
}

/**
 * The values by their tokens' names, aliases folded.
 *
 * @throws Refusal `invalid`, with the paths of those at fault: `tokens.InvoiceNumber`.
 */
export function checkTokens(
  { configuration, command }: UsableCommand,
  given: Tokens,
  source?: SourceValues,
): Map<string, TokenValue> {
  const resolved = resolveTokens(command.type.tokens, given, {
    reserved: [...configuration.variables.keys(), ...configuration.secrets.keys()],
  });
  const prefixed = (errors: readonly FieldError[]) =>
    errors.map(({ path, message }) => ({ path: path === '' ? 'tokens' : `tokens.${path}`, message }));
  if (!resolved.ok) throw new Refusal('invalid', 'The tokens do not fit the command.', prefixed(resolved.errors));
  const values = new Map([...resolved.values, ...(source === undefined ? [] : sourceTokensOf(source))]);
  const has = (name: string) =>
    values.has(name) || configuration.variables.has(name) || configuration.secrets.has(name);
  const missing = missingTokens(command.request, has);
  if (missing.length > 0) {
    const uses = (name: string) => `version ${command.version} of ${command.name} uses {{${name}}}`;
    const errors = missing.map((name) =>
      isSourceToken(name)
        ? { path: 'command', message: `can only be the source of a schedule: ${uses(name)}, which nothing else has` }
        : { path: `tokens.${name}`, message: `is needed: ${uses(name)}` },
    );
    throw new Refusal('invalid', 'A token that the command uses has no value.', errors);
  }
  return values;
}

/** Sensitive values, and those with a secret's value in them, are kept apart, sealed; a record with no prototype, since `__proto__` could be a name in it. */
function splitSensitive({ configuration, command }: UsableCommand, tokens: Map<string, TokenValue>) {
  const sensitive = sensitiveNames(command.type.tokens);
  const open: Record<string, TokenValue> = {};
  const sealed: Record<string, TokenValue> = {};
  for (const [name, value] of tokens) {
    // Servers like to repeat the whole query in the URL of the next page, an API key in it, too.
    const holdsSecret = (text: string) => configuration.redact(text) !== text;
    (sensitive.has(name) || textsOf(value).some(holdsSecret) ? sealed : open)[name] = value;
  }
  return { open, sealed: Object.keys(sealed).length === 0 ? null : sealed };
}
