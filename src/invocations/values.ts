import type { Tokens, TokenValue } from '../contract/tokens.ts';
import type { Configuration } from '../integrations/configuration.ts';
import { errandValue } from './outgoing.ts';

/** What an attempt has its values from, besides the configuration. */
export type ValueSource = Parameters<typeof errandValue>[1] & { tokens: Tokens };

/** The value of each token of an attempt: the integration's own first, since one name has one value (contract §5). */
export function valuesFor(
  { secrets, variables }: Pick<Configuration, 'secrets' | 'variables'>,
  attempt: ValueSource,
  sensitive: Readonly<Record<string, TokenValue>>,
) {
  return (name: string): TokenValue | undefined => {
    const secret = secrets.get(name);
    if (secret !== undefined && secret !== null) return secret;
    const variable = variables.get(name);
    if (variable !== undefined) return variable;
    if (Object.hasOwn(sensitive, name)) return sensitive[name];
    if (Object.hasOwn(attempt.tokens, name)) return attempt.tokens[name];
    return errandValue(name, attempt);
  };
}
