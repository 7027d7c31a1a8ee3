import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { parseEgressAllow } from '../../../src/contract/egress.ts';
import type { Sender, SenderOptions } from '../../../src/sending/sender.ts';
import { type EndpointHandler, startEndpoint } from '../../support/endpoints/endpoint.ts';
import { type RawScript, startRawEndpoint } from '../../support/endpoints/raw-endpoint.ts';
import { answered, failed, limits, loopbackSender, request, textOf } from './harness.ts';

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of cleanUp.splice(0).reverse()) await close();
});

function senderWith(options: Partial<SenderOptions> = {}): Sender {
  const sender = loopbackSender(options);
  cleanUp.push(() => sender.close());
  return sender;
}
async function serve(handler: EndpointHandler) {
  const endpoint = await startEndpoint(handler);
  cleanUp.push(endpoint.close);
  return endpoint;
}
async function serveRaw(script: RawScript) {
  const endpoint = await startRawEndpoint(script);
  cleanUp.push(endpoint.close);
  return endpoint;
}
const hello: EndpointHandler = (_request, response) => void response.end('hello');

describe('a request', () => {
  it('goes out as rendered, with what every request carries', async () => {
    const endpoint = await serve(hello);
    const headers = [
      { key: 'X-Key', value: 'caf\u00e9' },
      { key: 'Content-Type', value: 'text/plain' },
    ];
    const rendered = request(`${endpoint.url}/a%2Fb?c=%20d`, { method: 'POST', headers, body: 'ü' });
    answered(await senderWith().send(rendered, limits));
    const [received] = endpoint.requests;
    expect(received).toMatchObject({ method: 'POST', url: '/a%2Fb?c=%20d', body: Buffer.from('ü') });
    expect(received?.header('x-key')).toBe('caf\u00e9');
    expect(received?.header('host')).toBe(`127.0.0.1:${endpoint.port}`);
    expect(received?.header('user-agent')).toBe('errand/test');
    expect(received?.header('accept-encoding')).toBe('gzip, deflate, br');
  });

  it('keeps its own User-Agent and Accept-Encoding', async () => {
    const endpoint = await serve(hello);
    const headers = [
      { key: 'user-agent', value: 'mine' },
      { key: 'accept-encoding', value: 'identity' },
    ];
    answered(await senderWith().send(request(endpoint.url, { headers }), limits));
    const names = endpoint.requests[0]?.headers.map(({ key }) => key.toLowerCase());
    expect(names).toEqual(['host', 'connection', 'user-agent', 'accept-encoding']);
  });

  it('that cannot be written is refused before anything is sent', async () => {
    const endpoint = await serve(hello);
    const sender = senderWith();
    answered(await sender.send(request(endpoint.url), limits));
    const headers = [{ key: 'Expect', value: '100-continue' }];
    const failure = failed(await sender.send(request(endpoint.url, { headers }), limits));
    expect(failure).toMatchObject({ code: 'protocol-error', retryable: false, requestSent: false });
    expect(endpoint.requests).toHaveLength(1);
  });
});

describe('an answer', () => {
  const text = 'hello '.repeat(1000);
  it.each([
    ['gzip', gzipSync(text)],
    ['X-GZIP', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br', brotliCompressSync(text)],
    ['zstd', zstdCompressSync(text)],
    ['identity', Buffer.from(text)],
    ['br, gzip', gzipSync(brotliCompressSync(text))],
    ['gzip', Buffer.alloc(0)],
  ])('in %s is decoded', async (coding, bytes) => {
    const endpoint = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': coding }).end(bytes);
    });
    const answer = answered(await senderWith().send(request(endpoint.url), limits));
    expect(textOf(answer.body)).toBe(bytes.length === 0 ? '' : text);
    expect(answer.framed).toBe(true);
  });

  it.each([
    ['br', brotliCompressSync(text)],
    ['zstd', zstdCompressSync(text)],
    ['deflate', deflateSync(text)],
  ] as const)('in %s that was cut is a failure', async (coding, bytes) => {
    const endpoint = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': coding }).end(bytes.subarray(0, -4));
    });
    const failure = failed(await senderWith().send(request(endpoint.url), limits));
    expect(failure).toMatchObject({ code: 'protocol-error', retryable: true, requestSent: true });
  });

  it('to HEAD has no body, whatever its headers promise', async () => {
    const endpoint = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': 1_000_000_000 }).end();
    });
    const answer = answered(await senderWith().send(request(endpoint.url, { method: 'HEAD' }), limits));
    expect(answer).toMatchObject({ status: 200, framed: true });
    expect(answer.body).toHaveLength(0);
  });

  it('may be exactly as large as allowed, and no byte larger', async () => {
    const endpoint = await serve((_request, response) => {
      response.write('x'.repeat(100_000));
      response.end('y');
    });
    const sender = senderWith();
    const fits = answered(await sender.send(request(endpoint.url), { ...limits, maxBytes: 100_001 }));
    expect(fits.body).toHaveLength(100_001);
    const failure = failed(await sender.send(request(endpoint.url), { ...limits, maxBytes: 100_000 }));
    expect(failure).toMatchObject({ code: 'response-too-large', retryable: false });
  });
});

describe('connections', () => {
  it('are kept and used again, but not where a fresh one is asked for', async () => {
    const endpoint = await serve(hello);
    const sender = senderWith();
    for (const freshConnection of [false, false, true, false]) {
      answered(await sender.send(request(endpoint.url), { ...limits, freshConnection }));
    }
    const [first, second, third, fourth] = endpoint.requests.map(({ clientPort }) => clientPort);
    expect([second, fourth]).toEqual([first, first]);
    expect(third).not.toBe(first);
    expect(endpoint.requests[2]?.header('connection')).toBe('close');
  });

  it('keepalive-close-race: a kept connection that closes on the request is a retryable failure, sent once', async () => {
    const endpoint = await serveRaw({
      request: (socket, _head, ordinal) => {
        if (ordinal === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
        else socket.resetAndDestroy();
      },
    });
    const sender = senderWith();
    answered(await sender.send(request(endpoint.url), limits));
    const failure = failed(await sender.send(request(endpoint.url), limits));
    expect(failure).toMatchObject({ code: 'connect-failed', retryable: true, requestSent: true });
    expect(endpoint.requests).toHaveLength(2);
  });

  it('a kept connection that has closed meanwhile is replaced without a failure', async () => {
    const endpoint = await serveRaw({
      request: (socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    });
    const sender = senderWith();
    for (let round = 0; round < 5; round += 1) answered(await sender.send(request(endpoint.url), limits));
    expect(endpoint.connections()).toBe(5);
  });

  it('go to the address that answers when another one is refused', async () => {
    const endpoint = await serve(hello);
    const allow = parseEgressAllow('127.0.0.0/8');
    const sender = senderWith({ allow, resolve: async () => ['127.0.0.9', '127.0.0.1'] });
    answered(await sender.send(request(`http://two.example:${endpoint.port}/`), limits));
    expect(endpoint.requests[0]?.header('host')).toBe(`two.example:${endpoint.port}`);
  });

  it('share the question for a name that is being asked', async () => {
    const endpoint = await serve(hello);
    let asked = 0;
    const resolve = async () => {
      asked += 1;
      await new Promise((later) => setImmediate(later));
      return ['127.0.0.1'];
    };
    const sender = senderWith({ resolve });
    const call = () =>
      sender.send(request(`http://one.example:${endpoint.port}/`), { ...limits, freshConnection: true });
    for (const exchange of await Promise.all([call(), call(), call()])) answered(exchange);
    expect(asked).toBe(1);
    answered(await call());
    expect(asked).toBe(2);
  });
});

describe('egress', () => {
  it('a name that turns private after it was checked never reaches a private listener', async () => {
    const endpoint = await serve(hello);
    const answers = [['192.0.2.1'], ['127.0.0.1'], ['93.184.216.34', '127.0.0.1']];
    const resolve = async () => answers.shift() ?? ['127.0.0.1'];
    const sender = senderWith({ allow: parseEgressAllow('192.0.2.1'), resolve });
    const url = `http://rebind.example:${endpoint.port}/`;
    expect((await sender.checkEgress(url)).allowed).toBe(true);
    for (let round = 0; round < 3; round += 1) {
      const failure = failed(await sender.send(request(url), limits));
      expect(failure).toMatchObject({ code: 'egress-blocked', retryable: false, requestSent: false });
    }
    expect(endpoint.requests).toHaveLength(0);
  });

  it.each(['http://127.0.0.1', 'http://0x7f.1', 'http://[::ffff:127.0.0.1]', 'http://localhost'])(
    '%s is blocked without ERRAND_EGRESS_ALLOW',
    async (base) => {
      const endpoint = await serveRaw({});
      const sender = senderWith({ allow: parseEgressAllow('') });
      const failure = failed(await sender.send(request(`${base}:${endpoint.port}/?key=s3cr3t`), limits));
      expect(failure).toMatchObject({ code: 'egress-blocked', retryable: false, requestSent: false });
      expect(failure.message).not.toContain('s3cr3t');
      expect(endpoint.connections()).toBe(0);
    },
  );

  it.each(['http://127.0.0.1:25/', 'ftp://127.0.0.1/', 'nonsense'])('%s is blocked in any case', async (url) => {
    expect(failed(await senderWith().send(request(url), limits)).code).toBe('egress-blocked');
  });

  it.each(['ENOTFOUND', 'EAI_AGAIN'])('dns-nxdomain, dns-servfail: %s is retryable', async (code) => {
    const resolve = async () => Promise.reject(Object.assign(new Error(code), { code }));
    const failure = failed(await senderWith({ resolve }).send(request('http://gone.example/'), limits));
    expect(failure).toMatchObject({ code: 'dns-failed', retryable: true, requestSent: false });
    expect(failure.message).toContain('gone.example');
  });

  it('a resolver that does not answer is a time-out', async () => {
    const sender = senderWith({ resolve: () => new Promise(() => {}) });
    const options = { ...limits, connectTimeoutMs: 30 };
    const failure = failed(await sender.send(request('http://slow.example/'), options));
    expect(failure).toMatchObject({ code: 'timeout', retryable: true, requestSent: false });
  });
});

describe('redirects', () => {
  const redirecting: EndpointHandler = ({ url }, response) => {
    const left = Number(url.slice(1));
    if (left === 0) response.end('arrived');
    else response.writeHead(302, { location: `/${left - 1}` }).end('moved');
  };

  it('are followed up to five times, on a kept connection', async () => {
    const endpoint = await serve(redirecting);
    const answer = answered(await senderWith().send(request(`${endpoint.url}/5`), limits));
    expect(textOf(answer.body)).toBe('arrived');
    expect(new Set(endpoint.requests.map(({ clientPort }) => clientPort)).size).toBe(1);
  });

  it('beyond that are the answer, body and all', async () => {
    const endpoint = await serve(redirecting);
    const answer = answered(await senderWith().send(request(`${endpoint.url}/6`), limits));
    expect(answer.status).toBe(302);
    expect(textOf(answer.body)).toBe('moved');
    expect(endpoint.requests).toHaveLength(6);
  });

  it('of a POST are the answer', async () => {
    const endpoint = await serve(redirecting);
    const rendered = request(`${endpoint.url}/1`, { method: 'POST', body: 'x' });
    expect(answered(await senderWith().send(rendered, limits)).status).toBe(302);
    expect(endpoint.requests).toHaveLength(1);
  });

  it('take no credentials to another origin, nor back again', async () => {
    const second = await serve((_request, response) => {
      response.writeHead(307, { location: `${first.url}/back` }).end();
    });
    const first = await serve(({ url }, response) => {
      if (url === '/back') response.end('arrived');
      else response.writeHead(307, { location: second.url }).end();
    });
    const headers = ['Authorization', 'X-Api-Key', 'Idempotency-Key', 'Accept', 'Cookie'].map((key) => ({
      key,
      value: 'a',
    }));
    answered(await senderWith().send(request(first.url, { headers }), limits));
    const names = (received: (typeof first.requests)[number] | undefined) =>
      received?.headers.map(({ key }) => key.toLowerCase()).sort();
    const harmless = ['accept', 'connection', 'host', 'user-agent'];
    expect(names(second.requests[0])).toEqual(harmless);
    expect(names(first.requests[1])).toEqual(harmless);
    expect(first.requests[0]?.header('x-api-key')).toBe('a');
  });

  it('to a private address are blocked, though the first request was sent', async () => {
    const inside = await serve(hello);
    const outside = await serve((_request, response) => {
      response.writeHead(302, { location: `http://inside.example:${inside.port}/` }).end();
    });
    const allow = parseEgressAllow('outside.example');
    const sender = senderWith({ allow, resolve: async () => ['127.0.0.1'] });
    const failure = failed(await sender.send(request(`http://outside.example:${outside.port}/`), limits));
    expect(failure).toMatchObject({ code: 'egress-blocked', retryable: false, requestSent: true });
    expect(inside.requests).toHaveLength(0);
  });

  it('are followed although their own body never ends', async () => {
    const endpoint = await serve(({ url }, response) => {
      if (url === '/there') response.end('arrived');
      else response.writeHead(302, { location: '/there' }).write('x'.repeat(200_000));
    });
    expect(textOf(answered(await senderWith().send(request(endpoint.url), limits)).body)).toBe('arrived');
  });

  it('share one deadline', async () => {
    const endpoint = await serve(async ({ url }, response) => {
      await new Promise((later) => setTimeout(later, 60));
      response.writeHead(302, { location: `${url}a` }).end();
    });
    const failure = failed(await senderWith().send(request(`${endpoint.url}/`), { ...limits, timeoutMs: 150 }));
    expect(failure).toMatchObject({ code: 'timeout', retryable: true, requestSent: true });
    expect(endpoint.requests.length).toBeLessThan(5);
  });
});

describe('cancelling', () => {
  it('throws what the signal says and closes the connection', async () => {
    const closed = Promise.withResolvers<void>();
    const cancel = new AbortController();
    const endpoint = await serveRaw({
      request: (socket) => {
        socket.once('close', () => closed.resolve());
        cancel.abort(new Error('a person said so'));
      },
    });
    const sending = senderWith().send(request(endpoint.url), { ...limits, signal: cancel.signal });
    await expect(sending).rejects.toThrow('a person said so');
    await closed.promise;
  });

  it('while resolving or before sending', async () => {
    const cancel = new AbortController();
    const resolve = () => {
      cancel.abort(new Error('stop'));
      return new Promise<string[]>(() => {});
    };
    const sender = senderWith({ resolve });
    const options = { ...limits, signal: cancel.signal };
    await expect(sender.send(request('http://slow.example/'), options)).rejects.toThrow('stop');
    await expect(sender.send(request('http://slow.example/'), options)).rejects.toThrow('stop');
  });
});

describe('the byte budget', () => {
  it('lets large answers take turns instead of failing, compressed ones too', async () => {
    const large = Buffer.alloc(900_000, 'x');
    const endpoint = await serve(({ url }, response) => {
      if (url === '/coded') response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(large));
      else response.end(large);
    });
    const sender = senderWith({ maxBufferedBytes: 100_000 });
    const paths = Array.from({ length: 12 }, (_, index) => (index % 3 === 0 ? '/coded' : '/plain'));
    const all = await Promise.all(paths.map((path) => sender.send(request(endpoint.url + path), limits)));
    for (const exchange of all) expect(Buffer.compare(answered(exchange).body, large)).toBe(0);
  });

  it('ends a wait with the deadline, and lets small answers through meanwhile', async () => {
    const endpoint = await serve(({ url }, response) => {
      if (url === '/small') response.end('hello');
      else if (url === '/stuck') response.writeHead(200).write('x'.repeat(200_000));
      else response.end('x'.repeat(900_000));
    });
    const sender = senderWith({ maxBufferedBytes: 100_000 });
    const stuck = sender.send(request(`${endpoint.url}/stuck`), { ...limits, timeoutMs: 600 });
    await expect.poll(() => endpoint.requests.length).toBe(1);
    const waiting = sender.send(request(`${endpoint.url}/large`), { ...limits, timeoutMs: 200 });
    answered(await sender.send(request(`${endpoint.url}/small`), limits));
    expect(failed(await waiting)).toMatchObject({ code: 'timeout', retryable: true });
    expect(failed(await stuck).code).toBe('timeout');
    answered(await sender.send(request(`${endpoint.url}/large`), limits));
  });
});

it('close lets what is in flight end and takes no more', async () => {
  const arrived = Promise.withResolvers<() => void>();
  const endpoint = await serve((_request, response) => arrived.resolve(() => response.end('hello')));
  const sender = loopbackSender();
  const sending = sender.send(request(endpoint.url), limits);
  const finish = await arrived.promise;
  const closing = sender.close();
  await expect(sender.send(request(endpoint.url), limits)).rejects.toThrow('closed');
  finish();
  await closing;
  expect(textOf(answered(await sending).body)).toBe('hello');
});
