import type { Auth, Tls } from '../../contract/authentication.ts';
import type { FieldError } from '../../contract/problem.ts';
import { type AvailableToken, availableTokens, unavailable } from '../../tokens/names.ts';
import { parseTemplate } from '../../tokens/parse.ts';
import { namesOfKind } from '../names-of-kind.ts';
import type { StoredValue } from '../stored.ts';

/** What an integration's requests are sent with: who Errand is to the server, and what TLS goes by. */
export type Authentication = { auth: Auth | null; tls: Tls | null };

/** The fields that must name a secret: their values are never kept in clear. */
const secretFields: ReadonlySet<string> = new Set(['password', 'value', 'token', 'clientSecret', 'secret', 'key']);
/** The fields that are what they say. */
const plainFields: ReadonlySet<string> = new Set([
  'type',
  'in',
  'name',
  'clientAuthentication',
  'header',
  'algorithm',
  'encoding',
  'prefix',
  'timestampHeader',
]);

/** The name in a text that is one token and nothing else; `null`: it is text. */
export function referenceIn(text: string): string | null {
  const parsed = parseTemplate(text.trim());
  const [segment, ...others] = parsed.ok ? parsed.segments : [];
  return segment?.kind === 'token' && others.length === 0 ? segment.name : null;
}

/** Its fields, all of which are texts. */
export function textsOf(part: Auth | Tls | null): Record<string, string> {
  const given = Object.entries(part ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(given);
}

/** Every field that may be a token, with its path: `auth.password`. */
function fieldsOf({ auth, tls }: Authentication): { path: string; field: string; text: string }[] {
  return Object.entries({ auth: textsOf(auth), tls: textsOf(tls) }).flatMap(([part, fields]) =>
    Object.entries(fields).flatMap(([field, text]) =>
      plainFields.has(field) ? [] : [{ path: `${part}.${field}`, field, text }],
    ),
  );
}

/** The variables and secrets that it names. */
export function namesIn(authentication: Authentication): string[] {
  const names = fieldsOf(authentication).map(({ text }) => referenceIn(text));
  return [...new Set(names.filter((name) => name !== null))];
}

/** What is wrong with the names in it, each with its path and what would be right. */
export function referenceProblems(
  authentication: Authentication,
  values: readonly Pick<StoredValue, 'name' | 'kind'>[],
): FieldError[] {
  const names = { variables: namesOfKind(values, 'variable'), secrets: namesOfKind(values, 'secret') };
  const all = availableTokens({ commandType: [], ...names });
  // Its values stay the same from one invocation to the next, so that what stands for Errand's own has no place.
  const available = new Map([...all].filter(([, { source }]) => source === 'variable' || source === 'secret'));
  return fieldsOf(authentication).flatMap(({ path, field, text }) => {
    const message = problemOf(text, secretFields.has(field), available);
    return message === null ? [] : [{ path, message }];
  });
}

function problemOf(text: string, isSecret: boolean, available: ReadonlyMap<string, AvailableToken>): string | null {
  const parsed = parseTemplate(text);
  if (!parsed.ok) return parsed.errors.join('; ');
  const name = referenceIn(text);
  if (name === null) {
    if (isSecret)
      return 'must be one token that names a secret of the integration, such as `{{apiPassword}}`: save its value as a secret first';
    const mixed = parsed.segments.some(({ kind }) => kind === 'token');
    return mixed ? 'must be text, or one token and nothing beside it' : null;
  }
  const token = available.get(name);
  if (token === undefined)
    return available.size === 0
      ? `\`{{${name}}}\` is not available here: save it as a secret first`
      : unavailable(name, available);
  if (isSecret && token.source !== 'secret')
    return `must name a secret; "${name}" is a variable, which everybody can read`;
  return null;
}
