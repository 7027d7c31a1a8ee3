import type { InvocationBody } from '../contract/invocation.ts';
import { at, newIdempotencyKey, withQuery } from './address.ts';
import { type CallOptions, type Transport, waiting } from './transport.ts';

/** The bytes of a result as they came. */
export type ResultBytes = { contentType: string | null; etag: string | null; bytes: Uint8Array<ArrayBuffer> };

/** Those of an earlier invocation: `ageSeconds` since the customer's server last answered with them, or that they still hold. */
export type StoredBytes = ResultBytes & { ageSeconds: number };

/** What came of an invocation whose bytes were asked for with it. */
export type EnqueuedBytes = {
  /** Its id: it can be looked at, or waited for, whatever came. */
  invocation: string;
  /** `null`: it has not ended in time, and goes on. */
  result: ResultBytes | null;
  /** The bytes are those of an earlier invocation, and this old, because the body says `fallback: 'stored'`. */
  storedAgeSeconds: number | null;
};

/** Calls for bytes. */
export function resultCalls({ send, retries }: Transport) {
  return {
    /** @throws ApiError `not-found` while there are no bytes */
    result: async (id: string, call?: CallOptions): Promise<ResultBytes> =>
      bytesOf(await send('GET', at('invocations', id, 'result'), call)),
    /**
     * The newest good result for these tokens; nothing is sent to the customer.
     *
     * @param tokens none that are sensitive, and only text, numbers and booleans, since they go into the URL
     * @throws ApiError `not-found` if there is none
     */
    latest: async (
      integration: string,
      command: string,
      tokens: Readonly<Record<string, string | number | boolean>> = {},
      call?: CallOptions,
    ): Promise<StoredBytes> => {
      const path = withQuery(at('integrations', integration, 'commands', command, 'latest'), tokens);
      const response = await send('GET', path, call);
      return { ...(await bytesOf(response)), ageSeconds: ageOf(response) };
    },
    /**
     * Enqueues in the interactive lane, waits, and has the bytes: all in one call.
     *
     * @param options `waitSeconds`: default and at most 60
     * @throws ApiError `invocation-failed` or `invocation-cancelled`, whose `problem` has the `invocation` and its `error`
     */
    enqueueForBytes: async (
      body: InvocationBody,
      { waitSeconds = 60, ...call }: CallOptions & { waitSeconds?: number } = {},
    ): Promise<EnqueuedBytes> => {
      const { headers, waitMs } = waiting(waitSeconds);
      const response = await send('POST', at('invocations'), {
        ...call,
        ...keyed(body, retries),
        // Whatever type the result has, since this is not JSON; an invocation that has not ended is JSON all the same.
        headers: { ...headers, accept: 'application/octet-stream' },
        waitMs,
      });
      const invocation = decodeURIComponent(response.headers.get('location')?.split('/').at(-1) ?? '');
      if (response.status === 202) return { invocation, result: null, storedAgeSeconds: null };
      const stored = response.headers.get('errand-fallback') === 'stored';
      return { invocation, result: await bytesOf(response), storedAgeSeconds: stored ? ageOf(response) : null };
    },
  };
}

/** A body that can be sent again, because it has a key: its own, or one that is made up where there are retries. */
export function keyed<Body extends { idempotencyKey?: string | undefined }>(body: Body, retries: number) {
  if (body.idempotencyKey !== undefined) return { body, repeatable: true };
  return retries > 0 ? { body: { ...body, idempotencyKey: newIdempotencyKey() }, repeatable: true } : { body };
}

async function bytesOf(response: Response): Promise<ResultBytes> {
  const { headers } = response;
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { contentType: headers.get('content-type'), etag: headers.get('etag'), bytes };
}

const ageOf = ({ headers }: Response) => Number(headers.get('age') ?? 0);
