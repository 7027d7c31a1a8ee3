import type { Transform } from 'node:stream';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';

/** Each coding multiplies what a bomb unpacks to, and no server needs more than one or two. */
export const maxCodings = 5;
/** What is asked for where a command asks for nothing itself. */
export const acceptedCodings = 'gzip, deflate, br';

/** RFC 9659: a zstd content coding needs a window of at most 8 MiB; the format itself would allow gigabytes. */
const zstdOptions = { params: { [constants.ZSTD_d_windowLogMax]: 23 } };

/** Makes a decoder; `firstByte` is that of the coded bytes, where it is known. */
type MakeDecoder = (firstByte: number | undefined) => Transform;

const gunzip: MakeDecoder = () => createGunzip();
const decoders: ReadonlyMap<string, MakeDecoder> = new Map([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  // RFC 9110 §8.4.1.2: "deflate" is the zlib format, but some servers send the bare one. The zlib format begins with
  // its method, 8, in the low four bits; a bare stream does not.
  [
    'deflate',
    (firstByte) => (firstByte === undefined || (firstByte & 0x0f) === 8 ? createInflate() : createInflateRaw()),
  ],
  ['br', () => createBrotliDecompress()],
  ['zstd', () => createZstdDecompress(zstdOptions)],
]);

/**
 * The codings of a body, in the order in which they were applied (RFC 9110 §8.4). `unknown` means that one of them
 * cannot be undone, so that the body is to be kept as it came.
 */
export function codingsOf(contentEncoding: readonly string[]): readonly string[] | 'too-many' | 'unknown' {
  const codings = contentEncoding
    .flatMap((value) => value.split(','))
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  if (codings.length > maxCodings) return 'too-many';
  return codings.every((coding) => decoders.has(coding)) ? codings : 'unknown';
}

export type DecodingEvents = {
  /** Decoded bytes. `false`: no more until `resume`. */
  onData: (chunk: Buffer) => boolean;
  onEnd: () => void;
  /** The body is not what its Content-Encoding says, or is cut. */
  onError: (error: Error) => void;
  /** After a `write` that returned `false`. */
  onDrain: () => void;
};

/** Undoes the codings of a body while it streams in. A body without bytes is decoded to none, whatever it claims. */
export class Decoding {
  readonly #codings: readonly string[];
  readonly #events: DecodingEvents;
  #stages: Transform[] = [];

  constructor(codings: readonly string[], events: DecodingEvents) {
    this.#codings = codings;
    this.#events = events;
  }

  /** `false`: write no more until `onDrain`. */
  write(chunk: Buffer): boolean {
    if (this.#stages.length === 0) this.#begin(chunk[0]);
    return this.#stages[0]?.write(chunk) ?? true;
  }

  end(): void {
    const [first] = this.#stages;
    if (first === undefined) this.#events.onEnd();
    else first.end();
  }

  resume(): void {
    this.#stages.at(-1)?.resume();
  }

  destroy(): void {
    for (const stage of this.#stages) stage.destroy();
  }

  #begin(firstByte: number | undefined): void {
    // Undone in the reverse order; only what comes off the wire has a first byte that is known.
    this.#stages = this.#codings
      .toReversed()
      .map((coding, index) => (decoders.get(coding) ?? gunzip)(index === 0 ? firstByte : undefined));
    for (const [index, stage] of this.#stages.entries()) {
      stage.on('error', this.#events.onError);
      const next = this.#stages[index + 1];
      if (next !== undefined) stage.pipe(next);
    }
    this.#stages[0]?.on('drain', this.#events.onDrain);
    const last = this.#stages.at(-1);
    last?.on('data', (chunk: Buffer) => {
      if (!this.#events.onData(chunk)) last.pause();
    });
    last?.on('end', this.#events.onEnd);
  }
}
