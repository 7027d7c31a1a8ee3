/**
 * Those who wait for the same thing, in parties that take turns: within a party it is first come, first served, and a
 * party of one waits no longer than one of four.
 */
export class Waiters<Waiter> {
  /** Whose turn comes next first. */
  readonly #parties = new Map<string, Set<Waiter>>();
  size = 0;

  add(party: string, waiter: Waiter): void {
    this.#parties.set(party, (this.#parties.get(party) ?? new Set()).add(waiter));
    this.size += 1;
  }

  delete(party: string, waiter: Waiter): void {
    const own = this.#parties.get(party);
    if (own?.delete(waiter) !== true) return;
    this.size -= 1;
    if (own.size === 0) this.#parties.delete(party);
  }

  /** Takes out whoever is next; `undefined` if nobody waits. */
  next(): Waiter | undefined {
    for (const [party, own] of this.#parties) {
      this.#parties.delete(party);
      for (const waiter of own) {
        own.delete(waiter);
        this.size -= 1;
        if (own.size > 0) this.#parties.set(party, own);
        return waiter;
      }
    }
    return undefined;
  }

  [Symbol.iterator](): IterableIterator<Waiter> {
    return [...this.#parties.values()].flatMap((own) => [...own]).values();
  }
}
