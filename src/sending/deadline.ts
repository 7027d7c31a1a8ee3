/**
 * The one clock of an exchange, from DNS to the last byte of the last hop, together with the caller's wish to cancel.
 * undici's own time-outs measure silence, so a byte now and then defeats them; they are switched off.
 *
 * Of the things that wait (a dial, a request), one at a time registers with `onStop`.
 */
export class Deadline {
  readonly timeoutMs: number;
  /** Set once the time is over or the caller has cancelled. */
  stopped: 'time-out' | 'cancelled' | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  #stop: (() => void) | undefined;

  constructor(timeoutMs: number, signal: AbortSignal | undefined) {
    this.timeoutMs = timeoutMs;
    this.#signal = signal;
    this.#timer = setTimeout(() => this.#end('time-out'), timeoutMs);
    signal?.addEventListener('abort', this.#cancel);
  }

  readonly #cancel = (): void => this.#end('cancelled');

  #end(why: 'time-out' | 'cancelled'): void {
    this.stopped ??= why;
    this.#stop?.();
  }

  /** Calls back once when the exchange must stop, at once if it must already. `undefined` takes the callback back. */
  onStop(stop: (() => void) | undefined): void {
    this.#stop = stop;
    if (this.stopped !== undefined) stop?.();
  }

  /** The exchange is over: neither clock nor signal is looked at any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#cancel);
    this.#stop = undefined;
  }
}
