import { describe, expect, it } from 'vitest';
import { parseEgressAllow } from '../../../src/contract/egress.ts';
import { compileAccept } from '../../../src/judging/accept.ts';
import { judge } from '../../../src/judging/judge.ts';
import type { EndpointHandler } from '../../support/endpoints/endpoint.ts';
import { answered, closedAfterEach, failed, hello, limits, request, textOf } from './harness.ts';

const { senderWith, serve } = closedAfterEach();

describe('contract §6: redirects', () => {
  const redirecting: EndpointHandler = ({ url }, response) => {
    const left = Number(url.slice(1));
    if (left === 0) response.end('arrived');
    else response.writeHead(302, { location: `/${left - 1}` }).end('moved');
  };

  it('are followed up to five times, on a kept connection', async () => {
    const endpoint = await serve(redirecting);
    const answer = answered(await senderWith().send(request(`${endpoint.url}/5`), limits));
    expect(textOf(answer.body)).toBe('arrived');
    expect(answer.redirected).toBe('within');
    expect(new Set(endpoint.requests.map(({ clientPort }) => clientPort)).size).toBe(1);
  });

  it('beyond that are the answer, body and all', async () => {
    const endpoint = await serve(redirecting);
    const answer = answered(await senderWith().send(request(`${endpoint.url}/6`), limits));
    expect(answer.status).toBe(302);
    expect(textOf(answer.body)).toBe('moved');
    expect(answer.notFollowed).toMatch(/^5 redirects were followed/);
    expect(endpoint.requests).toHaveLength(6);
  });

  it('leave it to their end to say that there is no such thing', async () => {
    const endpoint = await serve(({ url }, response) => {
      if (url === '/gone') response.writeHead(410).end();
      else response.writeHead(302, { location: '/gone' }).end();
    });
    const exchange = await senderWith().send(request(`${endpoint.url}/`), limits);
    const verdict = judge(exchange, compileAccept({ absentStatuses: [404, 410] }), Date.now());
    expect(verdict).toMatchObject({ outcome: 'permanent', failure: { code: 'absent' } });
  });

  it('that must not be followed break the exchange off, with what redirected', async () => {
    const endpoint = await serve(redirecting);
    const redirectProblem = ({ pathname }: URL) => (pathname === '/3' ? 'not there' : null);
    const exchange = await senderWith().send(request(`${endpoint.url}/5`), { ...limits, redirectProblem });
    expect(failed(exchange)).toMatchObject({
      code: 'egress-blocked',
      message: 'not there',
      retryable: false,
      requestSent: true,
      status: 302,
    });
    expect(endpoint.requests.map(({ url }) => url)).toEqual(['/5', '/4']);
  });

  it('of a POST are the answer', async () => {
    const endpoint = await serve(redirecting);
    const rendered = request(`${endpoint.url}/1`, { method: 'POST', body: 'x' });
    expect(answered(await senderWith().send(rendered, limits))).toMatchObject({
      status: 302,
      notFollowed: expect.stringContaining('GET and HEAD only'),
    });
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
    const answer = answered(await senderWith().send(request(first.url, { headers }), limits));
    // Also where they lead back: the headers that were taken off do not return.
    expect(answer.redirected).toBe('beyond');
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
    expect(failure.message).toMatch(/^The server redirects, and inside\.example:\d+ resolves to a private or reserved/);
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
