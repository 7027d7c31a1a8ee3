import type { Dispatcher } from 'undici';
import type { Phases } from '../contract/invocation.ts';
import type { ReceivedHeader } from '../judging/exchange.ts';
import { BodyBytes } from './body.ts';
import type { ByteBudget, Share } from './budget.ts';
import type { Connection } from './connections.ts';
import type { Deadline } from './deadline.ts';
import { codingsOf, Decoding, maxCodings } from './decoding.ts';
import { headerValues } from './redirect.ts';
import type { Stopwatch } from './stopwatch.ts';
import { codeOf, exchangeTrouble, spoken, Trouble } from './trouble.ts';

export type Head = { status: number; headers: readonly ReceivedHeader[] };

export type HopOptions = {
  /** `host:port`, for messages. */
  name: string;
  method: string;
  maxBytes: number;
  budget: ByteBudget;
  deadline: Deadline;
  stopwatch: Stopwatch;
  /** Is only this answer's head of interest, because a redirect will be followed? */
  headOnly: (head: Head) => boolean;
};

/** How one request on one connection ended. `reusable`: the connection may carry another one. */
export type HopOutcome = { requestSent: boolean; reusable: boolean; phases: Phases } & (
  | { kind: 'answer'; head: Head; body: Uint8Array; framed: boolean }
  | { kind: 'trouble'; trouble: Trouble; head: Head | undefined; preview: Uint8Array }
);

/** 16 KiB that are kept, and 8 more so that redaction finds a secret across the cut. */
export const previewBytes = 24 * 1024;
/** What is read of a followed redirect's body, so that its connection can be kept. */
const discardedBytes = 64 * 1024;

/**
 * One request and its answer on one connection, as undici reports them. Settles exactly once, when the answer is
 * complete and decoded, when something breaks, or when the deadline's clock or the caller says stop.
 */
export class Hop implements Dispatcher.DispatchHandler {
  readonly outcome: Promise<HopOutcome>;
  readonly #settle: (outcome: HopOutcome) => void;
  readonly #options: HopOptions;
  readonly #connection: Connection;
  readonly #body = new BodyBytes();
  #settled = false;
  #requestSent = false;
  #controller: Dispatcher.DispatchController | undefined;
  /** When the newest head began, be it only a 1xx. */
  #begunAt = 0;
  #head: Head | undefined;
  #framed = true;
  #wireBytes = 0;
  #wireLimit: number;
  #discarding = false;
  #complete = false;
  #decoding: Decoding | undefined;
  #share: Share | undefined;

  constructor(connection: Connection, options: HopOptions) {
    const { promise, resolve } = Promise.withResolvers<HopOutcome>();
    this.outcome = promise;
    this.#settle = resolve;
    this.#connection = connection;
    this.#options = options;
    this.#wireLimit = options.maxBytes;
    options.deadline.onStop(() => this.#fail(this.#tooLate()));
  }

  /** undici is about to write the request; nothing has been written before this. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Thrown and not aborted: undici then leaves the request out and the connection whole.
    if (this.#settled) throw new Error('The exchange is over');
    this.#controller = controller;
    this.#requestSent = true;
    this.#options.stopwatch.begin('firstByteMs');
  }

  onResponseStarted(): void {
    this.#begunAt = performance.now();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // 1xx: the answer is still to come (RFC 9110 §15.2), for as long as the deadline allows.
    if (status < 200 || this.#settled) return;
    const head = { status, headers: receivedHeaders(controller.rawHeaders) };
    this.#head = head;
    this.#options.stopwatch.begin('bodyMs', this.#begunAt);
    if (status > 599) {
      this.#broken(`answered with the status ${status}, which does not exist`);
      return;
    }
    if (this.#options.method === 'HEAD' || status === 204 || status === 304) return;
    this.#discarding = this.#options.headOnly(head);
    this.#expectBody(head.headers);
  }

  #expectBody(headers: readonly ReceivedHeader[]): void {
    const length = headerValues(headers, 'content-length')[0];
    const transfer = headerValues(headers, 'transfer-encoding').join(',').trim().toLowerCase();
    if (transfer !== '' && transfer !== 'chunked' && transfer !== 'identity') {
      // RFC 9112 §6.1: such a coding would have to be undone to know the body, and was not asked for.
      this.#broken('sent a Transfer-Encoding other than chunked');
      return;
    }
    this.#framed = transfer === 'chunked' || length !== undefined;
    if (this.#discarding) {
      this.#wireLimit = discardedBytes;
    } else {
      const codings = codingsOf(headerValues(headers, 'content-encoding'));
      if (codings === 'too-many') {
        const message = `The answer of ${this.#options.name} has more than ${maxCodings} content codings`;
        this.#fail(new Trouble('protocol-error', message, { retryable: false }));
        return;
      }
      if (codings !== 'unknown' && codings.length > 0) this.#decode(codings);
    }
    // It ends the download early and nothing else: no memory is ever set aside by what a server promises.
    if (length !== undefined && Number(length) > this.#wireLimit) this.#tooLarge();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    this.#wireBytes += chunk.length;
    if (this.#wireBytes > this.#wireLimit) {
      this.#tooLarge();
      return;
    }
    if (this.#discarding) return;
    if (this.#decoding === undefined) {
      if (!this.#keep(chunk)) controller.pause();
    } else if (!this.#decoding.write(chunk)) {
      controller.pause();
    }
  }

  onResponseEnd(): void {
    if (this.#settled) return;
    this.#complete = true;
    // A body that only the connection's end delimits is whole only if that end was clean (RFC 9112 §8). undici takes a
    // reset for an end there (8.12.4), but the socket knows.
    if (!this.#framed && this.#connection.socket.errored) {
      this.#fail(exchangeTrouble(this.#options.name, this.#connection.socket.errored, true));
      return;
    }
    if (this.#decoding === undefined) this.#succeed();
    else this.#decoding.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#settled) return;
    if (this.#discarding) {
      this.#succeed();
      return;
    }
    this.#fail(exchangeTrouble(this.#options.name, error, this.#head !== undefined));
  }

  /** Takes decoded bytes; `false`: wait for the budget. */
  #keep(chunk: Buffer): boolean {
    if (this.#settled) return true;
    this.#body.add(chunk);
    this.#share ??= this.#options.budget.open(() => this.#resume());
    if (this.#body.length > this.#options.maxBytes) {
      this.#tooLarge();
      return true;
    }
    return this.#share.take(chunk.length);
  }

  #resume(): void {
    if (this.#decoding === undefined) this.#controller?.resume();
    else this.#decoding.resume();
  }

  #decode(codings: readonly string[]): void {
    // A coding may make small or incompressible content a little larger: gzip's frame, deflate's stored blocks.
    this.#wireLimit += Math.floor(this.#options.maxBytes / 1024) + 1024;
    this.#decoding = new Decoding(codings, {
      onData: (chunk) => this.#keep(chunk),
      onEnd: () => this.#succeed(),
      onError: (error) => this.#broken(`sent a body that is not valid ${codings.join(', ')} (${codeOf(error)})`),
      onDrain: () => this.#controller?.resume(),
    });
  }

  #tooLarge(): void {
    // The head is all that a redirect is followed by; its connection just cannot be kept.
    if (this.#discarding) {
      this.#succeed();
      return;
    }
    const message = `The answer of ${this.#options.name} is larger than ${this.#options.maxBytes.toLocaleString('en-US')} bytes`;
    this.#fail(new Trouble('response-too-large', message, { retryable: false }));
  }

  #broken(what: string): void {
    this.#fail(new Trouble('protocol-error', `${this.#options.name} ${what}`, { retryable: true }));
  }

  #tooLate(): Trouble {
    const what = this.#head === undefined ? 'did not answer' : 'did not complete its answer';
    const message = `${this.#options.name} ${what} within ${spoken(this.#options.deadline.timeoutMs)}`;
    return new Trouble('timeout', message, { retryable: true });
  }

  #succeed(): void {
    if (this.#settled || this.#head === undefined) return;
    const body = this.#body.bytes();
    this.#finish();
    const { reusable } = this;
    const how = { requestSent: true, reusable, phases: this.#options.stopwatch.phases() };
    this.#settle({ kind: 'answer', head: this.#head, body, framed: this.#framed, ...how });
    if (!reusable) this.#controller?.abort(new Error('The exchange is over'));
  }

  #fail(trouble: Trouble): void {
    if (this.#settled) return;
    const preview = this.#body.preview(previewBytes);
    this.#finish();
    const { reusable } = this;
    const how = { requestSent: this.#requestSent, reusable, phases: this.#options.stopwatch.phases() };
    this.#settle({ kind: 'trouble', trouble, head: this.#head, preview, ...how });
    if (!reusable) this.#controller?.abort(trouble);
  }

  get reusable(): boolean {
    return this.#complete;
  }

  #finish(): void {
    this.#settled = true;
    this.#options.deadline.onStop(undefined);
    this.#share?.release();
    this.#decoding?.destroy();
  }
}

/** The raw header section, [name, value, name, value, …], as undici has it: Buffers of Latin-1 (RFC 9110 §5.5). */
function receivedHeaders(raw: Dispatcher.DispatchController['rawHeaders']): readonly ReceivedHeader[] {
  const headers: ReceivedHeader[] = [];
  if (!Array.isArray(raw)) return headers;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    headers.push({ key: latin1(raw[index]), value: latin1(raw[index + 1]) });
  }
  return headers;
}

function latin1(text: Buffer | string | undefined): string {
  return typeof text === 'string' ? text : (text?.toString('latin1') ?? '');
}
