/**
 * The bytes of bodies that are being received, over all exchanges of the process: concurrency × `maxBytes` would not
 * fit into memory.
 *
 * The rule: bytes that have come are counted; an exchange that has more than `freeBytes` goes on reading only while the
 * total is within the budget, and else its stream is paused until others end. Deadlock is impossible, because the
 * oldest of those exchanges may always go on; it ends by its own limits, and then the next is the oldest. The free
 * bytes are so that a small answer, a click's for instance, never waits for someone's slow large one.
 *
 * So the total is at most the budget, plus what the oldest exchange may take (its `maxBytes`), plus `freeBytes` and one
 * chunk for each exchange in flight.
 */
export class ByteBudget {
  readonly #limit: number;
  /** Oldest first: those that have ever been above the free bytes and are still receiving. */
  readonly #large = new Set<Share>();
  #total = 0;
  #wakeUp = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes held now. */
  get total(): number {
    return this.#total;
  }

  /** A share for one exchange; `resume` is called, never from within `take` or `release`, after a `take` said wait. */
  open(resume: () => void): Share {
    return new Share(this, resume);
  }

  /** @internal Counts bytes; `false`: read no further until resumed. */
  take(share: Share, bytes: number): boolean {
    share.held += bytes;
    this.#total += bytes;
    if (share.held <= freeBytes) return true;
    this.#large.add(share);
    return this.#mayGoOn(share);
  }

  /** @internal Gives all bytes of a share back. */
  release(share: Share): void {
    this.#total -= share.held;
    share.held = 0;
    const wasLarge = this.#large.delete(share);
    // Not at once: this may be running inside a parser, which must not be re-entered for another exchange.
    if (!wasLarge && this.#large.size === 0) return;
    if (this.#wakeUp) return;
    this.#wakeUp = true;
    queueMicrotask(() => this.#wake());
  }

  #mayGoOn(share: Share): boolean {
    if (this.#total <= this.#limit) return true;
    const [oldest] = this.#large;
    return oldest === share;
  }

  #wake(): void {
    this.#wakeUp = false;
    for (const share of this.#large) {
      if (!share.waiting) continue;
      if (!this.#mayGoOn(share)) return;
      share.waiting = false;
      share.resume();
    }
  }
}

/** What every exchange may hold without waiting: the size of a socket's read buffer. */
const freeBytes = 64 * 1024;

/** One exchange's part of the budget. */
export class Share {
  held = 0;
  waiting = false;
  readonly resume: () => void;
  readonly #budget: ByteBudget;

  constructor(budget: ByteBudget, resume: () => void) {
    this.#budget = budget;
    this.resume = resume;
  }

  /** Counts bytes that have come. `false`: pause the stream; `resume` will be called. */
  take(bytes: number): boolean {
    const goOn = this.#budget.take(this, bytes);
    if (!goOn) this.waiting = true;
    return goOn;
  }

  /** Gives everything back; may be called twice. */
  release(): void {
    this.waiting = false;
    this.#budget.release(this);
  }
}
