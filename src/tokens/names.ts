import { isDeepStrictEqual } from 'node:util';
import { distance } from 'fastest-levenshtein';
import type { DeclaredToken } from '../contract/command-type.ts';
import type { FieldError } from '../contract/problem.ts';
import { errandTokens, sourceTokens, type Tokens, type TokenValue } from '../contract/tokens.ts';

/** What a template may name (contract §5). The `errand.` tokens are always there. */
export type TokenNames = {
  /** The tokens that the command type declares. */
  commandType: readonly DeclaredToken[];
  variables: readonly string[];
  secrets: readonly string[];
};

/** Who gives the value: the integration's configuration, the invocation, or Errand itself. */
export type TokenSource = 'variable' | 'secret' | 'token' | 'errand';

/** A name that a template may use; `name` is the one that values are looked up by, aliases folded. */
export type AvailableToken = { name: string; source: TokenSource };

/** Every name a template may use. A variable or secret hides a declared token of its name: it is what has the value. */
export function availableTokens(names: TokenNames): Map<string, AvailableToken> {
  const available = new Map<string, AvailableToken>();
  for (const { name, aliasOf } of names.commandType) available.set(name, { name: aliasOf ?? name, source: 'token' });
  for (const name of names.variables) available.set(name, { name, source: 'variable' });
  for (const name of names.secrets) available.set(name, { name, source: 'secret' });
  for (const name of [...errandTokens, ...sourceTokens]) available.set(name, { name, source: 'errand' });
  return available;
}

/** What to say about a name that is not there: the close ones, or with none close all of them. */
export function unavailable(name: string, available: ReadonlyMap<string, AvailableToken>): string {
  const braced = (names: readonly string[]) => names.map((one) => `\`{{${one}}}\``);
  const close = closeTo(name, available);
  const advice =
    close.length > 0
      ? `Did you mean ${either(braced(close))}?`
      : `Available: ${braced([...available.keys()]).join(', ')}.`;
  return `\`{{${name}}}\` is not available here. ${advice}`;
}

function either(names: readonly string[]): string {
  return names.length === 1 ? names.join() : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

/** Names that a person may have meant: equal but for case, else a few letters away; not an alias beside its name. */
export function closeTo(wanted: string, available: ReadonlyMap<string, AvailableToken>): string[] {
  const lower = wanted.toLowerCase();
  const ranked = [...available.keys()]
    .map((name) => ({ name, away: distance(lower, name.toLowerCase()) }))
    .sort((a, b) => a.away - b.away);
  const equal = ranked.filter(({ away }) => away === 0);
  // A third of the letters: one slip in a short name, four in `InvoiceNumber`.
  const near = ranked.filter(({ away }) => away <= Math.max(1, Math.floor(wanted.length / 3)));
  const close = (equal.length > 0 ? equal : near).map(({ name }) => name);
  const isNeedless = (name: string) => {
    const canonical = available.get(name)?.name;
    return canonical !== name && close.some((other) => other === canonical);
  };
  return close.filter((name) => !isNeedless(name)).slice(0, 3);
}

export type ResolvedTokens =
  | { ok: true; values: Map<string, TokenValue> }
  | { ok: false; errors: readonly FieldError[] };

/**
 * Checks an invocation's tokens against the command type and folds aliases onto their names.
 *
 * `reserved` are the names of the integration's variables and secrets: an invocation may not give them, and a required
 * token of such a name has its value from there. Error paths are token names. Values are read as own properties only.
 */
export function resolveTokens(
  declared: readonly DeclaredToken[],
  tokens: Tokens,
  options: { reserved?: Iterable<string> } = {},
): ResolvedTokens {
  const reserved = new Set(options.reserved);
  const offered = new Map<string, AvailableToken>();
  for (const { name, aliasOf } of declared) {
    // Where a variable or secret has the name, it has the aliases' values too.
    const canonical = aliasOf ?? name;
    if (!reserved.has(canonical) && !reserved.has(name)) offered.set(name, { name: canonical, source: 'token' });
    else reserved.add(name);
  }
  const errors: FieldError[] = [];
  const values = new Map<string, TokenValue>();
  const givenAs = new Map<string, string>();
  for (const [path, value] of Object.entries(tokens)) {
    const canonical = offered.get(path)?.name;
    const problem = refusal(path, reserved, offered);
    if (problem !== null || canonical === undefined) {
      errors.push({ path, message: problem ?? 'is not a token of this command' });
    } else if (!values.has(canonical)) {
      values.set(canonical, value);
      givenAs.set(canonical, path);
    } else if (!isDeepStrictEqual(values.get(canonical), value)) {
      const message = `is the same token as "${givenAs.get(canonical)}", but was given another value; give one of them`;
      errors.push({ path, message });
    }
  }
  for (const { name, required } of declared) {
    if (required === true && !values.has(name) && !reserved.has(name)) {
      errors.push({ path: name, message: 'is required' });
    }
  }
  return errors.length === 0 ? { ok: true, values } : { ok: false, errors };
}

/** Why an invocation may not give a token of this name; `null` if it may. */
function refusal(
  name: string,
  reserved: ReadonlySet<string>,
  offered: ReadonlyMap<string, AvailableToken>,
): string | null {
  if (name === '__proto__') return 'must not be named "__proto__"';
  if (name.toLowerCase().startsWith('errand.'))
    return 'begins with "errand.": such values are filled in by Errand itself';
  if (reserved.has(name)) return 'is a variable or secret of the integration; an invocation cannot give it a value';
  if (offered.has(name)) return null;
  const quoted = (names: readonly string[]) => names.map((one) => `"${one}"`);
  const close = closeTo(name, offered);
  if (close.length > 0) return `is not a token of this command. Did you mean ${either(quoted(close))}?`;
  if (offered.size === 0) return 'is not a token of this command, which takes none';
  return `is not a token of this command, which takes ${quoted([...offered.keys()]).join(', ')}`;
}

/** The names whose values are never shown: those declared sensitive, with the aliases of them and those they stand for. */
export function sensitiveNames(declared: readonly DeclaredToken[]): Set<string> {
  const canonical = new Set(
    declared.filter(({ sensitive }) => sensitive === true).map((one) => one.aliasOf ?? one.name),
  );
  const isSensitive = ({ name, aliasOf }: DeclaredToken) => canonical.has(aliasOf ?? name);
  return new Set(declared.filter(isSensitive).map(({ name }) => name));
}
