import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminKey, type RunningApi, startApi } from './support/start-api.ts';

let running: RunningApi;
/** One connection for all, so that what is left of a body would be read as the next request. */
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
beforeAll(async () => {
  running = await startApi();
});
afterAll(async () => {
  agent.destroy();
  await running.stop();
});

/** `fetch` sends no body with a GET. */
function get(path: string, body = '', type = 'application/json') {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number | undefined; answer: string }>();
  const headers = {
    authorization: `Bearer ${adminKey}`,
    ...(body === '' ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
  };
  const asking = request(new URL(path, running.url), { agent, headers }, async (response) => {
    resolve({ status: response.statusCode, answer: await text(response) });
  });
  asking.once('error', reject);
  asking.end(body);
  return promise;
}

describe.each([
  '/healthz',
  '/openapi.json',
  '/v1/integrations',
  '/v1/invocations',
  '/v1/audit',
  '/v1/keys',
])('contract §3: a body with GET %s', (path) => {
  it.each([
    ['JSON', '{"limit": 1, "unknown": true}', 'application/json'],
    ['broken JSON', '{"limit', 'application/json'],
    ['of another type', '<limit/>', 'application/xml'],
    ['with another request in it', 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n', 'text/plain'],
    ['of two megabytes', ' '.repeat(2 * 1024 * 1024), 'application/json'],
  ])('means nothing: %s', async (_what, body, type) => {
    const without = await get(path);
    expect(without.status).toBe(200);
    expect(await get(path, body, type)).toEqual(without);
    expect(await get(path)).toEqual(without);
  });
});
