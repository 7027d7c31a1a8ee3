import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildConsole, consoleFolder } from '../../../src/app/console-files.ts';
import { silentLog } from '../../../src/platform/log.ts';
import { type RunningApi, startApi } from './support/start-api.ts';

const nobody = { key: null };
const portalOrigins = ['https://billing.example', 'https://portal.example:8443'];

describe("contract §3: the console's files", () => {
  let running: RunningApi;
  beforeAll(async () => {
    await buildConsole(silentLog);
    running = await startApi(() => ({
      console: { folder: consoleFolder, ready: async () => undefined, portalOrigins },
    }));
  });
  afterAll(() => running?.stop());

  const script = async () =>
    /src="(\/assets\/[^"]+\.js)"/.exec((await running.call('GET', '/', nobody)).bytes.toString())?.[1] ?? '';

  it.each([
    '/',
    '/integrations',
    '/integrations/acme/commands/GetInvoiceImage',
    '/invocations/x?tab=1',
    '/audit',
  ])('are there for anybody at %s, in no frame, and ask no other host for anything', async (path) => {
    const { status, headers, bytes } = await running.call('GET', path, nobody);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'$/,
    );
    expect(headers.get('cache-control')).toBe('no-cache');
    expect(bytes.toString()).not.toMatch(/https?:\/\//);
  });

  it.each([
    '/portal/ticket',
    '/portal/integrations/acme/commands/GetInvoiceImage?tab=1',
  ])("may be framed by the configured origins where they are a customer's own admin's: %s", async (path) => {
    const { status, headers } = await running.call('GET', path, nobody);
    expect(status).toBe(200);
    expect(headers.get('content-security-policy')).toMatch(
      /frame-ancestors https:\/\/billing\.example https:\/\/portal\.example:8443$/,
    );
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });

  it('are named by their contents, so they are kept for a year, and come compressed', async () => {
    const { status, headers } = await running.call('GET', await script(), {
      key: null,
      headers: { 'accept-encoding': 'br' },
    });
    expect([status, headers.get('content-encoding')]).toEqual([200, 'br']);
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  });

  it.each([
    '/assets/nothing.js',
    '/assets/%2e%2e/stamp',
    '/assets/',
    '/pdfjs/1.0.0/wasm/openjpeg.wasm',
    '/nothing',
  ])('are all that there is: %s is a problem that nobody keeps', async (path) => {
    const { status, headers } = await running.call('GET', path, nobody);
    expect([status, headers.get('content-type')]).toEqual([404, 'application/problem+json; charset=utf-8']);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it.each([
    ['/nothing', 404, 'text/html; charset=utf-8'],
    ['/v1/nothing', 401, 'application/problem+json; charset=utf-8'],
  ])('tell a browser that there is nothing at %s', async (path, status, type) => {
    const answer = await running.call('GET', path, { key: null, headers: { accept: 'text/html,*/*;q=0.8' } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, type]);
    if (status === 404) expect(answer.bytes).toEqual((await running.call('GET', '/', nobody)).bytes);
  });

  it('say what to do where they could not be built, and the API goes on', async () => {
    const ready = () => Promise.reject(new Error('vite is not installed'));
    const unbuilt = await startApi(() => ({ console: { folder: consoleFolder, ready, portalOrigins: [] } }));
    const { status, json } = await unbuilt.call('GET', '/', nobody);
    expect(status).toBe(503);
    expect(json.detail).toContain('npm run build');
    expect((await unbuilt.call('GET', '/healthz', nobody)).status).toBe(200);
    await unbuilt.stop();
  });
});
