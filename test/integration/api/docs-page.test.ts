import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningApi, startApi } from './support/start-api.ts';

let running: RunningApi;
beforeAll(async () => {
  running = await startApi();
});
afterAll(() => running.stop());

const get = (path: string) => running.call('GET', path, { key: null });

it('contract §3: needs no key, and lets nothing but files of this host in', async () => {
  for (const path of ['/docs', '/docs/']) {
    const { status, headers, bytes } = await get(path);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'; .*connect-src 'self'/,
    );
    expect(bytes.toString()).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    const files = [...bytes.toString().matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file as string);
    expect(files.length).toBeGreaterThan(4);
    for (const file of files) expect((await get(new URL(file, `${running.url}${path}`).pathname)).status).toBe(200);
  }
});

it('contract §3: shows the very description that /openapi.json has', async () => {
  const { json } = await get('/openapi.json');
  expect((await get('/docs/json')).json).toEqual(json);
  expect(Object.keys(json.paths).filter((path) => /^\/(?:docs|queues|sign-)/.test(path))).toEqual([]);
});
