/** A request's body that is made while it is sent. */
export type Upload = {
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Aborts when the API has taken nothing, or after the last line not answered, for the time limit. */
  stalled: AbortSignal;
  /** What the lines' source threw. */
  failure(): { error: unknown } | null;
  /** Ends the time limit, and the source if there is more of it. */
  close(): Promise<void>;
};

/** Pieces of about this size: much smaller ones cost a write each, bigger ones only memory. */
const pieceLength = 64 * 1024;
/** A source that is slow to bring a piece together sends what there is: the API gives up on who falls silent. */
const longestGatherMs = 1_000;

/** Lines as a body, in constant memory. The source's own pauses do not count towards `timeoutMs`. */
export function createUpload(lines: Iterable<string> | AsyncIterable<string>, timeoutMs: number): Upload {
  const source = Symbol.asyncIterator in lines ? lines[Symbol.asyncIterator]() : lines[Symbol.iterator]();
  const encoder = new TextEncoder();
  const stalling = new AbortController();
  let failed: { error: unknown } | null = null;
  let ended = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function awaitTheApi(): void {
    const late = new DOMException(`The API took nothing for ${timeoutMs} ms.`, 'TimeoutError');
    timer = setTimeout(() => stalling.abort(late), timeoutMs);
  }

  async function gather(): Promise<string> {
    let piece = '';
    const startedAt = performance.now();
    while (piece.length < pieceLength && (piece === '' || performance.now() - startedAt < longestGatherMs)) {
      const { done, value } = await source.next();
      if (done === true) {
        ended = true;
        break;
      }
      piece += `${value}\n`;
    }
    return piece;
  }

  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      clearTimeout(timer);
      try {
        const piece = await gather();
        if (piece !== '') controller.enqueue(encoder.encode(piece));
      } catch (error) {
        ended = true;
        failed = { error };
        controller.error(error);
        return;
      }
      if (ended) controller.close();
      awaitTheApi();
    },
  });
  return {
    body,
    stalled: stalling.signal,
    failure: () => failed,
    async close() {
      clearTimeout(timer);
      if (ended) return;
      ended = true;
      await source.return?.();
    },
  };
}
