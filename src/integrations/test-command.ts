import type { AuditRecord } from '../audit/entry.ts';
import type { KeyAccounts } from '../contract/api-key.ts';
import type { Actor } from '../contract/audit.ts';
import type { CommandTest } from '../contract/command-test.ts';
import { Refusal } from '../contract/problem.ts';
import { contentTypeOf, preview } from '../invocations/body-preview.ts';
import { outgoingRequest } from '../invocations/outgoing.ts';
import type { Exchange } from '../judging/exchange.ts';
import { judge, type Verdict } from '../judging/judge.ts';
import type { Policy } from '../judging/policy.ts';
import type { RenderedRequest } from '../tokens/render.ts';
import type { AssembleDependencies } from './assemble.ts';
import type { ResolvedAuthentication } from './authentication/resolve.ts';
import { hostProblem, redirectProblemOf } from './bound-secrets.ts';
import { type PreviewBody, type RenderedOnce, renderOnce, shownAuthenticated, shownRequest } from './preview.ts';
import { requireIntegration } from './scope.ts';
import type { IntegrationStore, StoredConfiguration } from './stored.ts';

export type TestDependencies = AssembleDependencies & {
  store: IntegrationStore;
  /** Exactly one exchange; never throws for what the server does, but throws the signal's reason when that aborts. */
  send: (
    request: RenderedRequest,
    options: {
      policy: Policy;
      maxBytes: number;
      signal: AbortSignal;
      redirectProblem: (target: URL) => string | null;
      authentication: ResolvedAuthentication | null;
      /** When it began, in Unix milliseconds. */
      at: number;
    },
  ) => Promise<Exchange>;
  audit: (record: AuditRecord) => Promise<void>;
  /** Makes UUIDv7s: a test has an id of its own, which stands where an invocation's would. */
  newId: () => string;
  userAgent: string;
  now: () => number;
};

export type TestOptions = { integration: string; command: string; body: PreviewBody };

/**
 * Sends a command, saved or a draft, exactly once, with the interactive lane's times, and says how it would be judged.
 * No invocation comes of it: nothing is kept but the audit entry, no result, no Last Sync. Works while the integration is
 * paused, so that it can be tried before it is resumed.
 *
 * @param signal aborts the exchange: the client has gone, or the process stops
 * @throws Refusal as `createPreview`; `unavailable` if it was aborted
 */
export function createTest(dependencies: TestDependencies) {
  const { store, newId, now, userAgent } = dependencies;
  return async (
    { actor, accounts }: { actor: Actor; accounts: KeyAccounts },
    { integration, command: name, body }: TestOptions,
    signal: AbortSignal,
  ): Promise<CommandTest> => {
    const stored = requireIntegration(accounts, integration, await store.load(integration));
    const id = newId();
    const rendered = renderOnce(dependencies, stored, name, body, { invocation: id, now: now() });
    const { command } = rendered;
    const outgoing = (request: RenderedRequest) =>
      outgoingRequest(request, { userAgent, invocation: id, attempt: 1, keyNumber: 1 });
    const record = (outcome: Record<string, unknown>) =>
      dependencies.audit(entry(actor, stored, name, { test: id, version: versionOf(rendered), ...outcome }));
    let exchange: Exchange;
    const sentAt = now();
    try {
      exchange = await sendBound(dependencies, rendered, { request: outgoing(rendered.real), at: sentAt, signal });
    } catch (error) {
      if (!signal.aborted) throw error;
      await record({ outcome: 'unknown' });
      throw new Refusal('unavailable', 'The test was broken off; the request may have been sent.');
    }
    const durationMs = Math.max(0, Math.round(now() - sentAt));
    const redact = redactorWith(dependencies, rendered, exchange);
    const verdict = shownVerdict(judge(exchange, command.accept, now()), redact);
    const { outcome, code, message } = verdict;
    await record({ outcome, ...(code === null ? {} : { code, message }) });
    return {
      request: shownRequest(shownAuthenticated(rendered, outgoing(rendered.shown), { now: sentAt }), redact),
      response: shownResponse(exchange, redact),
      durationMs,
      verdict,
    };
  };
}

/** Sends, if the secrets in it may go there; likewise for redirects. */
async function sendBound(
  { send }: TestDependencies,
  { command: { accept, policy, bound }, configuration: { authentication } }: RenderedOnce,
  { request, at, signal }: { request: RenderedRequest; at: number; signal: AbortSignal },
): Promise<Exchange> {
  const message = hostProblem(bound, request.url);
  if (message !== null) {
    return { kind: 'failure', code: 'egress-blocked', message, retryable: false, requestSent: false };
  }
  const redirectProblem = redirectProblemOf(bound);
  const { maxBytes } = accept;
  return send(request, { policy: policy.interactive, maxBytes, signal, redirectProblem, authentication, at });
}

function shownResponse(exchange: Exchange, redact: (text: string) => string): CommandTest['response'] {
  const { status, headers = [] } = exchange;
  if (status === undefined) return null;
  const body = exchange.kind === 'answer' ? exchange.body : (exchange.preview ?? new Uint8Array(0));
  return {
    status,
    headers: headers.map(({ key, value }) => ({ key: redact(key), value: redact(value) })),
    bytes: body.byteLength,
    bodyPreview: preview(body, contentTypeOf(headers), redact),
  };
}

/** An access token is masked like a secret. */
function redactorWith({ createRedactor }: TestDependencies, { redact }: RenderedOnce, { credentials }: Exchange) {
  if (credentials === undefined) return redact;
  const own = createRedactor(credentials);
  return (text: string) => own(redact(text));
}

function shownVerdict(verdict: Verdict, redact: (text: string) => string): CommandTest['verdict'] {
  if (verdict.outcome === 'succeeded') return { outcome: 'succeeded', code: null, side: null, message: null };
  const { code, side, message } = verdict.failure;
  return { outcome: verdict.outcome, code, side, message: redact(message) };
}

/** `null` for a draft. */
const versionOf = ({ command }: RenderedOnce) => (command.version === 0 ? null : command.version);

function entry(
  actor: Actor,
  { integration }: StoredConfiguration,
  name: string,
  details: Record<string, unknown>,
): AuditRecord {
  return {
    account: integration.account,
    actor,
    action: 'command.tested',
    subject: { type: 'command', id: `${integration.id}/${name}` },
    details,
  };
}
