import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { KeyAccounts } from '../contract/api-key.ts';
import type { CommandBody } from '../contract/command.ts';
import type { DryRun, DryRunItem } from '../contract/command-check.ts';
import type { SentRequest } from '../contract/invocation.ts';
import type { TokenValue } from '../contract/tokens.ts';
import { hostProblem } from '../integrations/bound-secrets.ts';
import type { Compared } from '../integrations/compare-draft.ts';
import type { CompiledCommand } from '../integrations/configuration.ts';
import { sensitiveNames } from '../tokens/names.ts';
import { type Rendering, renderRequest } from '../tokens/render.ts';
import { outgoingRequest, textsOf } from './outgoing.ts';
import type { InvocationRow } from './read.ts';
import { atNextPage } from './source.ts';
import { valuesFor } from './values.ts';

/** An invocation with what its newest attempt was, or its first will be, rendered with. */
export type DryRunRow = Pick<InvocationRow, 'id' | 'tokens' | 'sealedTokens' | 'createdAt'> & {
  attempt: number;
  keyNumber: number;
  claimedAt: Date | null;
};

export type DryRunDependencies = {
  /** @throws Refusal `not-found`; `invalid` if the draft could not be saved */
  compareDraft: (scope: KeyAccounts, integration: string, command: string, draft: CommandBody) => Promise<Compared>;
  /** Newest first. */
  newest: (integration: string, command: string, limit: number) => Promise<DryRunRow[]>;
  /** The sensitive token values; `null` if they cannot be decrypted. */
  unsealTokens: (row: Pick<InvocationRow, 'id' | 'sealedTokens'>) => Readonly<Record<string, TokenValue>> | null;
  createRedactor: (values: readonly string[]) => (text: string) => string;
  userAgent: string;
  /** Requests are shown until they hold so many characters together. Default: 8 Mi. */
  maxCharacters?: number;
};

export type DryRunUse = ReturnType<typeof createDryRun>;

/** What a draft would have changed on the wire, had it been there for the newest invocations of its command. */
export function createDryRun(dependencies: DryRunDependencies) {
  const { compareDraft, newest, maxCharacters = 8 * 1024 * 1024 } = dependencies;
  return async (
    scope: KeyAccounts,
    of: { integration: string; command: string; draft: CommandBody; last: number },
  ): Promise<DryRun> => {
    const compared = await compareDraft(scope, of.integration, of.command, of.draft);
    const items: DryRunItem[] = [];
    let characters = 0;
    for (const row of await newest(of.integration, of.command, of.last)) {
      if (characters > maxCharacters) break;
      const item = compare(dependencies, compared, row);
      items.push(item);
      characters += sizeOf(item.before) + sizeOf(item.after);
      // Large bodies take a moment each, and others are waiting.
      await setImmediate();
    }
    const count = (matches: (item: DryRunItem) => boolean) => items.filter(matches).length;
    return {
      compared: items.length,
      changed: count(({ changed }) => changed),
      failing: count(({ problem }) => problem !== null),
      items,
    };
  };
}

function compare(dependencies: DryRunDependencies, compared: Compared, row: DryRunRow): DryRunItem {
  const render = createRender(dependencies, compared, row);
  const before = compared.saved === null ? nothing : render(compared.saved);
  const after = render(compared.draft);
  return {
    invocation: row.id,
    at: row.createdAt.toISOString(),
    // Of masked values nobody is told whether two are the same, but one name in place of another is a change.
    changed: !isDeepStrictEqual([before.request, before.masked], [after.request, after.masked]),
    before: before.request,
    after: after.request,
    problem: after.problem,
  };
}

/** `masked`: the names of what was masked, in order. */
type Shown = { request: SentRequest | null; masked: readonly string[]; problem: string | null };

const nothing: Shown = { request: null, masked: [], problem: null };
const unshown = (problem: string): Shown => ({ ...nothing, problem });

/** Renders what a command would send for an invocation, and what of that may be shown. */
function createRender(dependencies: DryRunDependencies, compared: Compared, row: DryRunRow) {
  const { configuration, lastSyncAt } = compared;
  const sealed = dependencies.unsealTokens(row);
  const attempt = {
    id: row.id,
    attempt: Math.max(1, row.attempt),
    claimedAt: (row.claimedAt ?? row.createdAt).getTime(),
    lastSyncAt: lastSyncAt?.getTime() ?? null,
    tokens: row.tokens,
  };
  const value = valuesFor(configuration, attempt, sealed ?? {});
  const redactTokens = dependencies.createRedactor(Object.values(sealed ?? {}).flatMap(textsOf));
  const clean = (text: string) => redactTokens(configuration.redact(text));
  const sender = {
    userAgent: dependencies.userAgent,
    invocation: row.id,
    attempt: attempt.attempt,
    keyNumber: row.keyNumber,
  };

  return ({ request, type, bound }: CompiledCommand): Shown => {
    if (sealed === null)
      return unshown('Its sensitive token values cannot be decrypted with the keys in ERRAND_SECRET_KEYS.');
    const unreadable = request.uses.find((name) => configuration.secrets.get(name) === null);
    if (unreadable !== undefined) {
      return unshown(
        `The secret "${unreadable}" cannot be decrypted with the keys in ERRAND_SECRET_KEYS; save it again.`,
      );
    }
    const paged = (rendering: Rendering) => atNextPage(rendering, request, value('errand.next'));
    // What is masked is not asked for its value, which may be missing, or unfit for its place.
    const real = paged(renderRequest(request, value));
    if (!real.ok) return unshown(clean(real.message));
    const sensitive = sensitiveNames(type.tokens);
    const masked: string[] = [];
    const isMasked = (name: string) => {
      const hidden = configuration.secrets.has(name) || sensitive.has(name) || Object.hasOwn(sealed, name);
      if (hidden) masked.push(name);
      return hidden;
    };
    const shown = paged(renderRequest(request, value, { masked: isMasked }));
    if (!shown.ok) return unshown(clean(shown.message));
    const sent = outgoingRequest(shown.request, sender);
    const refused = hostProblem(bound, real.request.url);
    return { request: cleaned(sent, clean), masked, problem: refused === null ? null : clean(refused) };
  };
}

function cleaned(
  { method, url, headers, body }: ReturnType<typeof outgoingRequest>,
  clean: (text: string) => string,
): SentRequest {
  return {
    method,
    url: clean(url),
    headers: headers.map((header) => ({ key: header.key, value: clean(header.value) })),
    body: body === undefined ? null : clean(body),
  };
}

function sizeOf(request: SentRequest | null): number {
  if (request === null) return 0;
  const ofHeaders = request.headers.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
  return request.url.length + ofHeaders + (request.body?.length ?? 0);
}
