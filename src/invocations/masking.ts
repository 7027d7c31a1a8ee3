import type { TokenValue } from '../contract/tokens.ts';
import type { Configuration } from '../integrations/configuration.ts';
import { storable } from './body-preview.ts';
import type { Claimed, Settled } from './invocation.ts';
import { textsOf } from './outgoing.ts';
import { sealedTokensContext } from './prepare.ts';

export type MaskingDependencies = {
  unseal: (sealed: string, context: string) => string;
  createRedactor: (values: readonly string[]) => (text: string) => string;
};

/** The sensitive token values; `null` if they cannot be decrypted. */
export function openSealed(
  { unseal }: MaskingDependencies,
  { id, sealedTokens }: Claimed,
): Record<string, TokenValue> | null {
  if (sealedTokens === null) return {};
  try {
    return JSON.parse(unseal(sealedTokens, sealedTokensContext(id)));
  } catch {
    return null;
  }
}

/** Masks the integration's secrets, the invocation's sensitive values and what else is as secret. */
export function redactorFor(
  { createRedactor }: MaskingDependencies,
  { redact }: Configuration,
  sensitive: Readonly<Record<string, TokenValue>>,
  others: readonly string[] = [],
): (text: string) => string {
  const values = [...Object.values(sensitive).flatMap(textsOf), ...others];
  if (values.length === 0) return redact;
  const own = createRedactor(values);
  return (text: string) => own(redact(text));
}

export function redacted(next: Settled['next'], redact: (text: string) => string): Settled['next'] {
  if (next.status === 'succeeded') return next;
  return { ...next, error: { ...next.error, message: storable(redact(next.error.message)) } };
}
