import { lookup } from 'node:dns/promises';
import type { Dispatcher } from 'undici';
import { comparableHost } from '../contract/egress.ts';
import type { ClientTls, TlsTerms } from '../integrations/authentication/resolve.ts';
import type { Exchange } from '../judging/exchange.ts';
import type { RenderedRequest } from '../tokens/render.ts';
import { ByteBudget } from './budget.ts';
import { type Connection, Connections, keepingKey } from './connections.ts';
import { Deadline } from './deadline.ts';
import { acceptedCodings } from './decoding.ts';
import { dial } from './dial.ts';
import {
  type Destination,
  destinationOf,
  type EgressRules,
  type EgressVerdict,
  egressVerdict,
  isLocalhost,
  type Resolver,
} from './egress.ts';
import { type Before, failureOf, nothingSent } from './failure.ts';
import { type Head, Hop, type HopOutcome } from './hop.ts';
import { type ProxyFor, usableProxy } from './proxy.ts';
import { maxRedirects, type NotFollowed, redirectHeaders, redirectTarget } from './redirect.ts';
import { Stopwatch } from './stopwatch.ts';
import { Trouble } from './trouble.ts';

export type SenderOptions = Pick<EgressRules, 'allow' | 'own'> & {
  /** How names become addresses. Default: the system's resolver, all addresses, in its order. */
  resolve?: Resolver;
  /**
   * About how many bytes of bodies may be in memory while they are being received, over all exchanges. Larger serves
   * more large answers at once; smaller makes large ones wait for each other. Should hold several `maxBytes`.
   */
  maxBufferedBytes: number;
  /** For requests that bring no User-Agent of their own. */
  userAgent: string;
  /**
   * The proxy through which a URL is reached; `null`: none. Addresses are resolved and checked here all the same. One that
   * cannot be used is a failure, never a direct connection.
   */
  proxyFor?: ProxyFor;
  /** The addresses that requests come from, to be named where a server was not reached. Default: they are not known. */
  egressIps?: readonly string[];
};

export type SendOptions = {
  /** The whole exchange, from DNS to the last byte of the last hop, in milliseconds. */
  timeoutMs: number;
  /** Resolving, connecting and TLS of one connection, in milliseconds. */
  connectTimeoutMs: number;
  /** The largest body that is taken, decoded, in bytes. */
  maxBytes: number;
  /** Send on a new connection: a kept one may be closing just now, and then nobody knows whether the server acted. */
  freshConnection?: boolean;
  /** Why an answer's redirect must not be followed there, for a person; `null`: it may be. Default: it may be. */
  redirectProblem?: (target: URL) => string | null;
  /** What TLS goes by, beside the system's certificate authorities; its own certificate at the first origin only. */
  tls?: ClientTls | null;
  /** Cancels the exchange. */
  signal?: AbortSignal;
};

export type Sender = {
  /**
   * Exactly one exchange (redirects of GET and HEAD included) under one deadline. Whatever the server does comes back
   * as an answer or a failure; nothing is sent twice.
   *
   * @throws the signal's reason if `signal` is aborted before the exchange has ended, so that a caller's cancelling can
   * be told from a time-out; Error after `close`.
   */
  send(request: RenderedRequest, options: SendOptions): Promise<Exchange>;
  /** May this URL be reached? `allowed: null`: the name does not resolve now. Sends nothing. */
  checkEgress(url: string): Promise<EgressVerdict>;
  /** Takes no more work, lets what is in flight end, closes all connections. */
  close(): Promise<void>;
};

/** How long `checkEgress` waits for the resolver: a person is looking at a preview. */
const checkTimeoutMs = 3000;

/** Makes the process's one sender: it keeps the connections. */
export function createSender(options: SenderOptions): Sender {
  return new HttpSender(options);
}

class HttpSender implements Sender {
  readonly #rules: EgressRules;
  readonly #userAgent: string;
  readonly #egressIps: readonly string[];
  readonly #budget: ByteBudget;
  readonly #proxyFor: ProxyFor;
  readonly #connections = new Connections();
  readonly #inFlight = new Set<Promise<unknown>>();
  #closed = false;

  constructor({ allow, own, resolve, userAgent, egressIps = [], proxyFor, maxBufferedBytes }: SenderOptions) {
    this.#rules = { allow, own, resolve: sharedResolver(resolve ?? systemResolver) };
    this.#userAgent = userAgent;
    this.#egressIps = egressIps;
    this.#budget = new ByteBudget(maxBufferedBytes);
    this.#proxyFor = proxyFor ?? (() => null);
  }

  async send(request: RenderedRequest, options: SendOptions): Promise<Exchange> {
    if (this.#closed) throw new Error('The sender is closed');
    options.signal?.throwIfAborted();
    const deadline = new Deadline(options.timeoutMs, options.signal);
    const running = this.#exchange(request, options, deadline);
    this.#inFlight.add(running);
    try {
      const exchange = await running;
      // An answer that was complete when the caller cancelled is still an answer.
      if (deadline.stopped === 'cancelled' && exchange.kind === 'failure') throw options.signal?.reason;
      return exchange;
    } finally {
      this.#inFlight.delete(running);
      deadline.close();
    }
  }

  checkEgress(url: string): Promise<EgressVerdict> {
    return egressVerdict(url, { ...this.#rules, timeoutMs: checkTimeoutMs });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#connections.close();
    await Promise.allSettled(this.#inFlight);
  }

  /** The request and, for GET and HEAD, the redirects that its answer asks for. */
  async #exchange(request: RenderedRequest, options: SendOptions, deadline: Deadline): Promise<Exchange> {
    const url = URL.parse(request.url);
    if (url === null) return failureOf(nothingSent('The URL is not a complete http or https URL'), undefined, []);
    const headers = withDefaults(request.headers, this.#userAgent);
    let before: Before | undefined;
    const { tls = null } = options;
    let outgoing: Outgoing = { method: request.method, url, headers, body: request.body, tls, hopsLeft: maxRedirects };
    for (;;) {
      const outcome = await this.#hop(outgoing, options, deadline);
      if (outcome.kind === 'trouble') return failureOf(outcome, before, this.#egressIps);
      const target = nextTarget(outgoing, outcome.head);
      if (!(target instanceof URL)) {
        const { head, body, framed, phases } = outcome;
        const received = { status: head.status, headers: head.headers, body, framed, phases };
        const answer = { kind: 'answer', ...received, ...target } as const;
        return before === undefined ? answer : { ...answer, redirected: before.redirected };
      }
      const beyond = before?.redirected === 'beyond' || outgoing.url.origin !== target.origin;
      const redirected = beyond ? 'beyond' : 'within';
      outgoing = {
        ...outgoing,
        url: target,
        headers: redirectHeaders(outgoing.url, target, outgoing.headers),
        tls: beyond ? (tls?.elsewhere ?? null) : tls,
        hopsLeft: outgoing.hopsLeft - 1,
      };
      const certificateLeft = outgoing.tls?.identity !== tls?.identity;
      before = { redirected, phases: outcome.phases, certificateLeft };
      const problem = options.redirectProblem?.(target) ?? null;
      if (problem !== null) return failureOf({ ...nothingSent(problem), head: outcome.head }, before, []);
    }
  }

  /** One request and its answer, on a kept connection or a new one. */
  async #hop(outgoing: Outgoing, options: SendOptions, deadline: Deadline): Promise<HopOutcome> {
    const destination = destinationOf(outgoing.url);
    if ('refused' in destination) return nothingSent(destination.refused);
    let fresh = options.freshConnection ?? false;
    for (;;) {
      const clocks = { deadline, stopwatch: new Stopwatch() };
      const connection = await this.#connect(destination, fresh, { ...options, tls: outgoing.tls }, clocks);
      if (connection instanceof Trouble) return nothingSent(connection, clocks.stopwatch.phases());
      const outcome = await this.#dispatch(connection, outgoing, destination, options, clocks);
      // A kept connection that was gone before anything was written on it: as if it had not been there.
      const gone = outcome.kind === 'trouble' && !outcome.requestSent && connection.reused;
      if (!gone || deadline.stopped !== undefined) return outcome;
      fresh = true;
    }
  }

  async #connect(
    destination: Destination,
    fresh: boolean,
    { connectTimeoutMs, tls }: Pick<SendOptions, 'connectTimeoutMs'> & Pick<Outgoing, 'tls'>,
    clocks: Clocks,
  ): Promise<Connection | Trouble> {
    const key = keepingKey(destination, tls?.identity);
    const idle = fresh ? undefined : this.#connections.takeIdle(key);
    if (idle !== undefined) return idle;
    try {
      const proxy = usableProxy(destination, this.#proxyFor);
      const through = { proxy, secureContext: tls?.context };
      const socket = await dial(destination, { ...this.#rules, connectTimeoutMs, ...clocks, ...through });
      return this.#connections.adopt(destination, key, socket);
    } catch (error) {
      if (error instanceof Trouble) return error;
      throw error;
    }
  }

  async #dispatch(
    connection: Connection,
    outgoing: Outgoing,
    { name, host }: Destination,
    { maxBytes, freshConnection = false }: SendOptions,
    clocks: Clocks,
  ): Promise<HopOutcome> {
    const { method, url, headers, body } = outgoing;
    const headOnly = (head: Head) => nextTarget(outgoing, head) instanceof URL;
    const hop = new Hop(connection, { name, method, maxBytes, budget: this.#budget, ...clocks, headOnly });
    const request: Dispatcher.DispatchOptions & { servername: string } = {
      path: url.pathname + url.search,
      method,
      headers: flat(headers),
      body: body ?? null,
      // undici closes a connection when the name of a request differs from the last one's; here it never does.
      servername: host,
      ...(freshConnection ? { reset: true } : {}),
    };
    connection.client.dispatch(request, hop);
    const outcome = await hop.outcome;
    if (outcome.reusable && !freshConnection) this.#connections.release(connection);
    else this.#connections.drop(connection);
    return outcome;
  }
}

type Clocks = { deadline: Deadline; stopwatch: Stopwatch };
type Header = { readonly key: string; readonly value: string };
type Outgoing = {
  method: string;
  url: URL;
  headers: readonly Header[];
  body: string | undefined;
  tls: TlsTerms | null;
  /** Redirects that may still be followed. */
  hopsLeft: number;
};

/** Where to go next, if the answer is a redirect; or why it is not followed. */
function nextTarget({ url, method, hopsLeft }: Outgoing, { status, headers }: Head): URL | NotFollowed | undefined {
  const target = redirectTarget(url, method, status, headers);
  if (target instanceof URL && hopsLeft === 0) {
    return { notFollowed: `${maxRedirects} redirects were followed, and it leads on: do they go in a circle?` };
  }
  return target;
}

function withDefaults(headers: readonly Header[], userAgent: string): readonly Header[] {
  let hasAgent = false;
  let hasCodings = false;
  for (const { key } of headers) {
    const name = key.toLowerCase();
    hasAgent ||= name === 'user-agent';
    hasCodings ||= name === 'accept-encoding';
  }
  const all = [...headers];
  if (!hasAgent) all.push({ key: 'User-Agent', value: userAgent });
  if (!hasCodings) all.push({ key: 'Accept-Encoding', value: acceptedCodings });
  return all;
}

function flat(headers: readonly Header[]): string[] {
  const pairs: string[] = [];
  for (const { key, value } of headers) pairs.push(key, value);
  return pairs;
}

/** The hosts file has no absolute names, and no other server is asked for `localhost` (RFC 6761 §6.3). */
const systemResolver: Resolver = async (hostname) => {
  const comparable = comparableHost(hostname);
  const answers = await lookup(isLocalhost(comparable) ? comparable : hostname, { all: true, order: 'verbatim' });
  return answers.map(({ address }) => address);
};

/**
 * Lets questions for the same name that come while one is being asked share its answer; no answer is kept. The
 * system's resolver works on a few threads of the process, and a name whose servers are dead holds one for many
 * seconds: so it holds one, however many requests wait for it.
 */
function sharedResolver(resolve: Resolver): Resolver {
  const asked = new Map<string, Promise<readonly string[]>>();
  return (hostname) => {
    const pending = asked.get(hostname);
    if (pending !== undefined) return pending;
    const asking = resolve(hostname).finally(() => asked.delete(hostname));
    asked.set(hostname, asking);
    return asking;
  };
}
