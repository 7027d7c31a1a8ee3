import { createParser } from 'eventsource-parser';
import type { Batch } from '../contract/batch.ts';
import { at, json } from './address.ts';
import { WaitTimeout } from './errors.ts';
import { limited } from './limited.ts';
import { pause } from './pause.ts';
import type { CallOptions, Transport } from './transport.ts';

export type WaitForBatchOptions = Pick<CallOptions, 'signal'> & {
  /** For how long to wait at most, in milliseconds. Default: until it has ended, however long that takes. */
  timeoutMs?: number;
  /** Called with the batch as it is, each time something of it has changed; no more than a few times a second. */
  onProgress?: (batch: Batch) => void;
};

/** Events or comments come more often than this; a stream that is silent for longer is dead. */
const silentMs = 45_000;
/** Between two looks where there is no stream, and before a stream that broke is opened again. */
const lookMs = 2_000;
/** Some proxies let no stream through: after so many that brought nothing it is only looked at. */
const fruitlessStreams = 2;

/** A cancelled one has not ended before its last request has been broken off. */
const ended = (batch: Batch) => batch.finishedAt !== null;

/** By the server-sent events of the batch; by asking for it now and then while they do not come. */
export async function waitForBatch(transport: Transport, id: string, options: WaitForBatchOptions): Promise<Batch> {
  const { timeoutMs = Number.POSITIVE_INFINITY, onProgress, signal } = options;
  const stopping = new AbortController();
  let seen: Batch | null = null;
  const see = (batch: Batch) => {
    seen = batch;
    if (!ended(batch)) onProgress?.(batch);
  };
  try {
    const late = () => new WaitTimeout(`Batch ${id}`, timeoutMs, { batch: seen });
    return await limited(follow(transport, id, see, stopping.signal), { timeoutMs, signal }, late);
  } finally {
    stopping.abort();
  }
}

async function follow(
  transport: Transport,
  id: string,
  see: (batch: Batch) => void,
  signal: AbortSignal,
): Promise<Batch> {
  let lastEventId = '';
  for (let fruitless = 0; ; ) {
    if (fruitless < fruitlessStreams) {
      fruitless += 1;
      for await (const told of events(transport, id, lastEventId, signal)) {
        fruitless = 0;
        lastEventId = told.id ?? lastEventId;
        see(told.batch);
        if (ended(told.batch)) return told.batch;
      }
    }
    // Whether it is a dead stream, a dead API or no such batch, this tells; it has tries of its own.
    const batch = await json<Batch>(transport.send('GET', at('batches', id), { signal }));
    see(batch);
    if (ended(batch)) return batch;
    await pause(lookMs, signal);
  }
}

type Told = { id: string | undefined; batch: Batch };

/** What the API tells of the batch until the stream ends, whichever way that happens. @throws only the signal's reason */
async function* events(transport: Transport, id: string, lastEventId: string, signal: AbortSignal) {
  const silence = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const awaitMore = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), silentMs);
  };
  const told: Told[] = [];
  const parser = createParser({
    onEvent: ({ id: eventId, event, data }) => {
      if (event === 'progress' || event === 'end') told.push({ id: eventId, batch: JSON.parse(data) as Batch });
    },
  });
  try {
    const resuming = lastEventId === '' ? {} : { 'last-event-id': lastEventId };
    const headers = { accept: 'text/event-stream', ...resuming };
    const until = AbortSignal.any([signal, silence.signal]);
    const { body } = await transport.open(at('batches', id, 'events'), { headers, signal: until });
    const decoder = new TextDecoder();
    awaitMore();
    for await (const chunk of body ?? []) {
      awaitMore();
      parser.feed(decoder.decode(chunk, { stream: true }));
      yield* told.splice(0);
    }
  } catch {
    // A stream can break at any time; what to do then does not depend on how.
    signal.throwIfAborted();
  } finally {
    clearTimeout(timer);
    // Left before its end: the connection is of no more use.
    silence.abort();
  }
}
