import type { SentRequest } from '../contract/invocation.ts';
import type { TokenValue } from '../contract/tokens.ts';
import { authenticate } from '../integrations/authentication/authenticate.ts';
import type { PastCommand, PastCommands } from '../integrations/past-commands.ts';
import { sensitiveNames } from '../tokens/names.ts';
import { mask } from '../tokens/places/place.ts';
import { renderRequest } from '../tokens/render.ts';
import { errandValue, outgoingRequest, textsOf } from './outgoing.ts';
import type { AttemptRow, InvocationRow } from './read.ts';
import { atNextPage } from './source.ts';

export type PastRequests = {
  /** The request of an attempt as it was sent, secrets and sensitive values masked; `null` if it cannot be known any more. */
  render(row: InvocationRow, attempt: AttemptRow): Promise<SentRequest | null>;
  /** The sensitive tokens that were given, each with the mask for a value. */
  maskedTokens(row: Pick<InvocationRow, 'id' | 'sealedTokens'>): Record<string, string>;
};

/**
 * Rendering is pure and versions are kept, so a request need not be stored: it is rendered again with the template, the
 * variables and the times it was sent with.
 */
export function createPastRequests(dependencies: {
  pastCommands: PastCommands;
  /** The sensitive token values; `null` if they cannot be decrypted. */
  unsealTokens: (row: Pick<InvocationRow, 'id' | 'sealedTokens'>) => Readonly<Record<string, TokenValue>> | null;
  /** Masks the values of the integration's secrets. */
  redactorOf: (integration: string) => Promise<(text: string) => string>;
  createRedactor: (values: readonly string[]) => (text: string) => string;
  userAgent: string;
}): PastRequests {
  const { pastCommands } = dependencies;

  function renderPast(past: PastCommand, row: InvocationRow, attempt: AttemptRow): SentRequest | null {
    const sensitive = sensitiveNames(past.tokens);
    const errand = {
      id: row.id,
      attempt: attempt.number,
      claimedAt: attempt.startedAt.getTime(),
      lastSyncAt: attempt.lastSyncAt?.getTime() ?? null,
    };
    const value = (name: string) =>
      past.variables.get(name) ?? (Object.hasOwn(row.tokens, name) ? row.tokens[name] : errandValue(name, errand));
    // A value that is sealed for what it holds and not for its name is masked as well.
    const sealed = row.sealedTokens === null ? {} : (dependencies.unsealTokens(row) ?? {});
    const masked = (name: string) => past.secrets.has(name) || sensitive.has(name) || Object.hasOwn(sealed, name);
    const next = row.tokens['errand.next'] ?? sealed['errand.next'];
    const rendered = atNextPage(renderRequest(past.request, value, { masked }), past.request, next);
    if (!rendered.ok) return null;
    const outgoing = outgoingRequest(rendered.request, {
      userAgent: dependencies.userAgent,
      invocation: row.id,
      attempt: attempt.number,
      keyNumber: attempt.keyNumber,
      traceparent: row.traceparent,
      validators: attempt.validators,
    });
    const sent = authenticate(outgoing, past.auth, { at: errand.claimedAt, masked: true });
    return { method: sent.method, url: sent.url, headers: [...sent.headers], body: sent.body ?? null };
  }

  return {
    async render(row, attempt) {
      if (attempt.commandVersion === null) return null;
      const { configurationVersion, commandVersion } = attempt;
      const past = await pastCommands.get(row.integration, configurationVersion, row.command, commandVersion);
      const sent = past === null ? null : renderPast(past, row, attempt);
      if (sent === null) return null;
      // A secret's value may also have been typed into the template or given as another token.
      const redactSecrets = await dependencies.redactorOf(row.integration);
      const sensitive = row.sealedTokens === null ? [] : Object.values(dependencies.unsealTokens(row) ?? {});
      const redactTokens = dependencies.createRedactor(sensitive.flatMap(textsOf));
      const clean = (text: string) => redactTokens(redactSecrets(text));
      return {
        method: sent.method,
        url: clean(sent.url),
        headers: sent.headers.map(({ key, value }) => ({ key, value: clean(value) })),
        body: sent.body === null ? null : clean(sent.body),
      };
    },

    maskedTokens(row) {
      return Object.fromEntries(Object.keys(dependencies.unsealTokens(row) ?? {}).map((name) => [name, mask]));
    },
  };
}
