import type { KeyAccounts } from '../contract/api-key.ts';
import type { Auth } from '../contract/authentication.ts';
import type { CommandBody } from '../contract/command.ts';
import type { SentRequest } from '../contract/invocation.ts';
import { type FieldError, Refusal } from '../contract/problem.ts';
import type { Tokens, TokenValue } from '../contract/tokens.ts';
import { textsOf } from '../invocations/outgoing.ts';
import { resolveTokens, sensitiveNames } from '../tokens/names.ts';
import { mask } from '../tokens/places/place.ts';
import { type RenderedRequest, renderRequest } from '../tokens/render.ts';
import { type AssembleDependencies, assemble, compileCommand, surroundingsOf } from './assemble.ts';
import { authenticate } from './authentication/authenticate.ts';
import { shownAuth, unreadableSecret } from './authentication/resolve.ts';
import { hostProblem } from './bound-secrets.ts';
import { problemsOf, requireCommand, requireType } from './commands.ts';
import type { CompiledCommand, Configuration } from './configuration.ts';
import { requireIntegration } from './scope.ts';
import type { IntegrationStore, StoredConfiguration } from './stored.ts';

/** May the request go there? `null`: it cannot be told now, the name does not resolve. */
export type EgressVerdict = { allowed: boolean | null; reason: string | null };

export type Preview = SentRequest & { egress: EgressVerdict };

export type PreviewBody = { tokens?: Tokens | undefined; draft?: CommandBody | undefined };

export type PreviewDependencies = AssembleDependencies & {
  store: IntegrationStore;
  /** Looks at where the real URL leads; sends nothing. */
  checkEgress: (url: string) => Promise<EgressVerdict>;
  now: () => number;
};

/** Stands for the invocation that a preview is not: a UUIDv7, so that it looks like one. */
const sampleInvocation = '00000000-0000-7000-8000-000000000000';

/**
 * Shows the request that a command, saved or a draft, would send with these tokens. Secrets and sensitive values are
 * masked; the headers are those of the command and of the integration's authentication, without `User-Agent`, `Idempotency-Key`
 * and `traceparent`, which every request carries in addition. `errand.` tokens have sample values.
 *
 * @throws Refusal `not-found`; `invalid` if the draft or the tokens are wrong or it cannot be rendered.
 */
export function createPreview(dependencies: PreviewDependencies) {
  const { store, checkEgress, now } = dependencies;
  return async (scope: KeyAccounts, id: string, name: string, body: PreviewBody): Promise<Preview> => {
    const stored = requireIntegration(scope, id, await store.load(id));
    const sample = { invocation: sampleInvocation, now: now() };
    const rendered = renderOnce(dependencies, stored, name, body, sample);
    const { command, real, shown, redact } = rendered;
    const problem = hostProblem(command.bound, real.url);
    const egress = problem === null ? await checkEgress(real.url) : { allowed: false, reason: problem };
    const withAuth = shownAuthenticated(rendered, shown, sample);
    return {
      ...shownRequest(withAuth, redact),
      egress: { allowed: egress.allowed, reason: egress.reason === null ? null : redact(egress.reason) },
    };
  };
}

/** A command rendered outside of any invocation: as it is to be sent, and as it may be shown. */
export type RenderedOnce = {
  command: CompiledCommand;
  configuration: Configuration;
  real: RenderedRequest;
  /** Secrets and sensitive tokens masked where they stand; what shows it passes it through `redact` as well. */
  shown: RenderedRequest;
  /** As it is saved: with the names of secrets. */
  auth: Auth | null;
  redact: (text: string) => string;
};

/** @throws Refusal as `createPreview` */
export function renderOnce(
  dependencies: AssembleDependencies,
  stored: StoredConfiguration,
  name: string,
  { tokens = {}, draft }: PreviewBody,
  sample: { invocation: string; now: number },
): RenderedOnce {
  const command = commandToShow(stored, name, draft);
  const configuration = assemble(stored, dependencies);
  const given = checkTokens(configuration, command, tokens);
  const errand = sampleErrand(stored, sample);
  // A secret's `null` says that it is unreadable, which is refused below; a token's is a value like any other.
  const value = (token: string): TokenValue | undefined => {
    if (given.has(token)) return given.get(token);
    return configuration.secrets.get(token) ?? configuration.variables.get(token) ?? errand.get(token);
  };
  requireReadable(configuration, command);
  const problem = configuration.authentication?.problem ?? null;
  if (problem !== null) throw new Refusal('invalid', problem.message);

  const real = render(command, value, configuration);
  const sensitive = sensitiveNames(command.type.tokens);
  const masked = (token: string) => configuration.secrets.has(token) || sensitive.has(token);
  const shown = render(command, value, configuration, masked);
  const auth = stored.integration.authentication?.auth ?? null;
  return {
    command,
    configuration,
    real,
    shown,
    auth,
    redact: redactorFor(dependencies, configuration, given, sensitive),
  };
}

/** A masked request with the integration's authentication, masked as well. */
export function shownAuthenticated(
  { configuration, auth }: Pick<RenderedOnce, 'configuration' | 'auth'>,
  shown: RenderedRequest,
  { now }: { now: number },
): RenderedRequest {
  return authenticate(shown, shownAuth(auth, configuration.variables, mask), { at: now, masked: true });
}

/** A masked request as it is answered. */
export function shownRequest({ method, url, headers, body }: RenderedRequest, redact: (text: string) => string) {
  return {
    method,
    url: redact(url),
    headers: headers.map((header) => ({ key: header.key, value: redact(header.value) })),
    body: body === undefined ? null : redact(body),
  };
}

/** @throws Refusal `not-found`; `invalid`, with paths as in `draft.request.url` if it is a draft */
export function commandToShow(
  stored: StoredConfiguration,
  name: string,
  draft: CommandBody | undefined,
): CompiledCommand {
  const type = requireType(stored, name);
  const saved = draft === undefined ? requireCommand(stored, name) : { name, version: 0, definition: draft };
  const errors = draft === undefined ? [] : problemsOf(draft, type, stored);
  const compiled = compileCommand(saved, type, stored.values, surroundingsOf(stored));
  if (compiled.ok && errors.length === 0) return compiled.command;
  const problems = compiled.ok ? errors : errors.length > 0 ? errors : compiled.errors;
  const prefix = draft === undefined ? '' : 'draft.';
  const fields = problems.map(({ path, message }) => ({ path: prefix + path, message }));
  throw new Refusal('invalid', 'The command cannot be used as it is.', fields);
}

function checkTokens(configuration: Configuration, command: CompiledCommand, tokens: Tokens): Map<string, TokenValue> {
  const reserved = [...configuration.variables.keys(), ...configuration.secrets.keys()];
  const resolved = resolveTokens(command.type.tokens, tokens, { reserved });
  if (resolved.ok) return resolved.values;
  const errors = resolved.errors.map(({ path, message }) => ({ path: `tokens.${path}`, message }));
  throw new Refusal('invalid', 'The tokens do not fit the command.', errors);
}

function requireReadable({ secrets }: Configuration, command: CompiledCommand): void {
  const unreadable = command.request.uses.find((name) => secrets.get(name) === null);
  if (unreadable === undefined) return;
  throw new Refusal('invalid', unreadableSecret(unreadable));
}

function render(
  command: CompiledCommand,
  value: (name: string) => TokenValue | undefined,
  { redact }: Configuration,
  masked?: (name: string) => boolean,
) {
  const rendered = renderRequest(command.request, value, masked === undefined ? {} : { masked });
  if (rendered.ok) return rendered.request;
  const errors: FieldError[] = [{ path: rendered.where, message: redact(rendered.message) }];
  throw new Refusal('invalid', redact(rendered.message), errors);
}

/** A sensitive value may also stand in the template or in another token. */
function redactorFor(
  { createRedactor }: AssembleDependencies,
  configuration: Configuration,
  given: ReadonlyMap<string, TokenValue>,
  sensitive: ReadonlySet<string>,
): (text: string) => string {
  const values = [...given].flatMap(([name, value]) => (sensitive.has(name) ? textsOf(value) : []));
  const own = createRedactor(values);
  return (text) => own(configuration.redact(text));
}

/** How long ago a sample of `errand.since` lies: what a nightly source would ask for. */
const sampleSinceMs = 24 * 60 * 60 * 1000;

function sampleErrand(
  { integration }: StoredConfiguration,
  { invocation, now }: { invocation: string; now: number },
): ReadonlyMap<string, string> {
  return new Map([
    ['errand.invocationId', invocation],
    ['errand.attempt', '1'],
    ['errand.now', new Date(now).toISOString()],
    ['errand.lastSync', integration.lastSyncAt?.toISOString() ?? ''],
    ['errand.since', new Date(now - sampleSinceMs).toISOString()],
    ['errand.next', ''],
  ]);
}
