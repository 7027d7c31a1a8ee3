import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { ExchangeFailure } from '../../../src/judging/exchange.ts';
import type { SendOptions } from '../../../src/sending/sender.ts';
import type { RenderedRequest } from '../../../src/tokens/render.ts';
import { type FaultName, faults } from '../../support/endpoints/faults.ts';
import { type RawEndpoint, startRawEndpoint } from '../../support/endpoints/raw-endpoint.ts';
import { answered, failed, limits, loopbackSender, request, textOf } from './harness.ts';

type Failing = Pick<ExchangeFailure, 'code' | 'retryable'> & { status?: number; says?: RegExp };
type Answering = { status: number; body: string; framed?: boolean };
type Expected = { fails: Failing } | { answers: Answering };
type Row = [
  name: FaultName,
  expected: Expected,
  options?: Partial<SendOptions> & { method?: RenderedRequest['method']; body?: string },
];

const broken = { code: 'protocol-error', retryable: true } as const;
const cut = { code: 'connect-failed', retryable: true } as const;
const late = { code: 'timeout', retryable: true } as const;
const tooLarge = { code: 'response-too-large', retryable: false } as const;
const soon = { timeoutMs: 250 };
const hello = { answers: { status: 200, body: 'hello' } };
const greeting = 'hello hello hello hello hello';

// Rows of the collection of HTTP misbehaviours, under their names there; the contract's verdicts.
const rows: Row[] = [
  ['reset-before-headers', { fails: cut }],
  ['reset-before-headers', { fails: cut }, { method: 'POST', body: '{}' }],
  ['fin-before-headers', { fails: cut }],
  ['headers-never', { fails: late }, soon],
  ['headers-endless-drip', { fails: late }, soon],
  ['header-huge', { fails: tooLarge }],
  ['header-flood', { fails: tooLarge }],
  ['not-http-html', { fails: broken }],
  ['header-nul', { fails: broken }],
  ['obs-fold', { fails: broken }],
  ['space-before-colon', { fails: broken }],
  ['bare-lf', { fails: broken }],
  ['status-099', { fails: broken }],
  ['status-999', { fails: { ...broken, says: /999/ } }],
  ['1xx-flood', hello],
  ['1xx-endless', { fails: late }, soon],
  ['100-unsolicited', { fails: { ...broken, says: /100 Continue/ } }],
  ['101-unsolicited', { fails: { code: 'protocol-error', retryable: false, says: /101/ } }],
  ['reset-mid-body', { fails: { ...broken, status: 200 } }],
  ['truncated-content-length', { fails: { ...broken, status: 200 } }],
  ['truncated-chunked', { fails: { ...broken, status: 200 } }],
  ['chunk-garbage', { fails: { ...broken, status: 200 } }],
  ['chunk-without-crlf', { fails: { ...broken, status: 200 } }],
  ['close-delimited', { answers: { status: 200, body: 'hello', framed: false } }],
  ['close-delimited-reset', { fails: { ...broken, status: 200 } }],
  ['content-length-duplicate-different', { fails: broken }],
  ['content-length-duplicate-same', { fails: broken }],
  ['content-length-and-chunked', { fails: broken }],
  ['content-length-negative', { fails: broken }],
  ['content-length-absurd', { fails: broken }],
  ['content-length-promises-much', { fails: { ...tooLarge, status: 200 } }],
  ['te-unknown', { fails: { ...broken, status: 200 } }],
  ['body-1-byte-per-interval', { fails: { ...late, status: 200 } }, soon],
  ['body-stalled', { fails: { ...late, status: 200 } }, soon],
  ['body-endless', { fails: { ...tooLarge, status: 200 } }],
  ['204-with-body', { answers: { status: 204, body: '' } }],
  ['304-with-body', { answers: { status: 304, body: '' } }],
  ['extra-bytes', hello],
  ['early-response-close', { answers: { status: 413, body: '' } }, { method: 'POST', body: 'x'.repeat(100) }],
  ['gzip-bomb', { fails: { ...tooLarge, status: 200 } }],
  ['br-bomb', { fails: { ...tooLarge, status: 200 } }],
  ['coding-chain', { fails: { code: 'protocol-error', retryable: false, status: 200 } }],
  ['coding-chain-short', { answers: { status: 200, body: greeting } }],
  ['coding-wrong', { fails: { ...broken, status: 200 } }],
  ['coding-truncated', { fails: { ...broken, status: 200 } }],
  ['coding-unknown', { answers: { status: 200, body: greeting } }],
  ['error-body-compressed', { answers: { status: 500, body: greeting } }],
];

describe('contract §6: servers that misbehave', () => {
  const sender = loopbackSender();
  let endpoint: RawEndpoint | undefined;
  afterEach(async () => {
    await endpoint?.close();
  });
  afterAll(() => sender.close());

  for (const [name, expected, { method = 'GET', body, ...options } = {}] of rows) {
    it(`${name} (${method})`, async () => {
      endpoint = await startRawEndpoint(faults[name]);
      const rendered = request(`${endpoint.url}/path?secret=s3cr3t`, { method, body });
      const exchange = await sender.send(rendered, { ...limits, ...options });
      if ('answers' in expected) {
        const { status, framed, ...answer } = answered(exchange);
        const wanted = { framed: true, ...expected.answers };
        expect({ status, framed, body: textOf(answer.body) }).toEqual(wanted);
        return;
      }
      const failure = failed(exchange);
      const { code, retryable, status, says } = expected.fails;
      expect(failure).toMatchObject({ code, retryable, requestSent: true });
      if (status !== undefined) expect(failure.status).toBe(status);
      expect(failure.message).toContain(`127.0.0.1:${endpoint.port}`);
      expect(failure.message).not.toContain('s3cr3t');
      if (says !== undefined) expect(failure.message).toMatch(says);
      expect(endpoint.requests.length).toBeLessThanOrEqual(1);
    });
  }

  it('not-http: a greeting of another protocol', async () => {
    endpoint = await startRawEndpoint(faults['not-http']);
    const failure = failed(await sender.send(request(endpoint.url), limits));
    expect(failure).toMatchObject({ code: 'protocol-error', retryable: true });
  });

  it('what had been seen of a broken answer is kept', async () => {
    endpoint = await startRawEndpoint(faults['truncated-content-length']);
    const failure = failed(await sender.send(request(endpoint.url), limits));
    expect(failure.headers).toEqual([{ key: 'Content-Length', value: '100' }]);
    expect(textOf(failure.preview)).toBe('hello');
  });

  it('after extra bytes the connection is not used again', async () => {
    endpoint = await startRawEndpoint(faults['extra-bytes']);
    for (let round = 0; round < 3; round += 1) {
      const exchange = await sender.send(request(endpoint.url), limits);
      expect(textOf(answered(exchange).body)).toBe('hello');
    }
    expect(endpoint.connections()).toBe(3);
  });

  it('connect-refused: nothing was sent', async () => {
    endpoint = await startRawEndpoint({});
    const { url, port } = endpoint;
    await endpoint.close();
    const failure = failed(await sender.send(request(url), limits));
    expect(failure).toMatchObject({ code: 'connect-failed', retryable: true, requestSent: false });
    expect(failure.message).toBe(`Connecting to 127.0.0.1:${port} was refused`);
  });
});
