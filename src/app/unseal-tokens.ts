import type { TokenValue } from '../contract/tokens.ts';
import type { Sealer } from '../integrations/sealing.ts';
import { sealedTokensContext } from '../invocations/prepare.ts';
import type { InvocationRow } from '../invocations/read.ts';

/** Opens an invocation's sensitive token values; `null` if they cannot be decrypted. */
export function unsealerOf({ sealer }: { sealer: Pick<Sealer, 'open'> }) {
  return ({ id, sealedTokens }: Pick<InvocationRow, 'id' | 'sealedTokens'>): Record<string, TokenValue> | null => {
    if (sealedTokens === null) return {};
    try {
      return JSON.parse(sealer.open(sealedTokens, sealedTokensContext(id)));
    } catch {
      return null;
    }
  };
}
