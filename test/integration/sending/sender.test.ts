import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { answered, closedAfterEach, failed, hello, limits, loopbackSender, request, textOf } from './harness.ts';

const { senderWith, serve, serveRaw } = closedAfterEach();

describe('contract §6: a request', () => {
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

describe('contract §6: an answer', () => {
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

describe('contract §6: cancelling', () => {
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

describe('contract §6: the byte budget', () => {
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

it('contract §6: close lets what is in flight end and takes no more', async () => {
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
