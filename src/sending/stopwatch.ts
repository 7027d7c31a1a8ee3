import type { Phases } from '../contract/invocation.ts';

type Phase = keyof Phases;

/** Measures the phases of one hop, one after the other. A phase that broke off has as much as it took until then. */
export class Stopwatch {
  readonly #phases: Phases = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, bodyMs: null };
  #phase: Phase | undefined;
  #since = 0;

  /** Ends the phase before it. `at`: it began already then, by `performance.now()`. */
  begin(phase: Phase, at = performance.now()): void {
    this.end(at);
    this.#phase = phase;
    this.#since = at;
  }

  end(at = performance.now()): void {
    if (this.#phase !== undefined) this.#phases[this.#phase] = Math.round(at - this.#since);
    this.#phase = undefined;
  }

  /** What was measured until now. */
  phases(): Phases {
    this.end();
    return this.#phases;
  }
}
