/** Chunks smaller than this are copied together: a Buffer object for each byte would take a hundred times its size. */
const smallChunk = 4 * 1024;
const segmentBytes = 16 * 1024;
const empty: Uint8Array = new Uint8Array(0);

/** Gathers a body of unknown length. Memory follows what has come, never what a Content-Length promises. */
export class BodyBytes {
  length = 0;
  #parts: Buffer[] = [];
  /** Where small chunks are copied to; `#used` bytes of it are taken, and they come after all of `#parts`. */
  #segment: Buffer | undefined;
  #used = 0;

  add(chunk: Buffer): void {
    const first = this.length === 0;
    this.length += chunk.length;
    // A body that comes in one chunk, as most do, is never copied.
    if (first || chunk.length >= smallChunk) {
      this.#closeSegment();
      this.#parts.push(chunk);
      return;
    }
    if (this.#segment !== undefined && this.#used + chunk.length > segmentBytes) this.#closeSegment();
    this.#segment ??= Buffer.allocUnsafeSlow(segmentBytes);
    this.#used += chunk.copy(this.#segment, this.#used);
  }

  /** All bytes so far, as one. */
  bytes(): Uint8Array {
    this.#closeSegment();
    const [only] = this.#parts;
    if (only === undefined) return empty;
    if (this.#parts.length === 1) return only;
    const whole = Buffer.concat(this.#parts, this.length);
    this.#parts = [whole];
    return whole;
  }

  /** A copy of the first bytes. */
  preview(limit: number): Uint8Array {
    this.#closeSegment();
    const enough: Buffer[] = [];
    let length = 0;
    for (const part of this.#parts) {
      if (length >= limit) break;
      enough.push(part);
      length += part.length;
    }
    return Uint8Array.from(Buffer.concat(enough).subarray(0, limit));
  }

  #closeSegment(): void {
    if (this.#segment === undefined) return;
    this.#parts.push(this.#segment.subarray(0, this.#used));
    this.#segment = undefined;
    this.#used = 0;
  }
}
