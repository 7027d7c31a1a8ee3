import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemCatalogue, problemNames, problemType } from '../../../src/api/problems.ts';
import { Refusal } from '../../../src/contract/problem.ts';
import { createLog } from '../../../src/platform/log.ts';
import { adminKey, type RunningApi, startApi } from './support/start-api.ts';

let running: RunningApi;
const lines: { level: string; event: string; [field: string]: unknown }[] = [];
let databaseProblem: () => Promise<string | null> = async () => null;
let broken: Error | null = null;

beforeAll(async () => {
  // The real log: what a fake is handed tells nothing of what will stand in a line.
  const log = createLog({ level: 'debug', destination: { write: (line) => void lines.push(JSON.parse(line)) } });
  running = await startApi((_pool) => ({
    log,
    readiness: { database: () => databaseProblem(), queue: async () => null },
    audit: {
      list: async () => {
        if (broken !== null) throw broken;
        return { items: [], nextCursor: null };
      },
    },
  }));
});
afterAll(() => running.stop());

const get = (path: string, asked = {}) => running.call('GET', path, asked);

describe('contract §3: health', () => {
  it('needs no key', async () => {
    expect((await get('/healthz', { key: null })).json).toEqual({ status: 'ok' });
    const ready = await get('/readyz', { key: null });
    expect([ready.status, ready.json]).toEqual([200, { status: 'ready', checks: { database: 'ok', queue: 'ok' } }]);
  });

  it('names what is not ready, and nothing more of it', async () => {
    databaseProblem = async () => 'is not migrated; run "errand migrate"';
    const behind = await get('/readyz', { key: null });
    expect([behind.status, behind.headers.get('retry-after')]).toEqual([503, '5']);
    expect(behind.json.errors).toEqual([{ path: 'database', message: 'is not migrated; run "errand migrate"' }]);
    databaseProblem = () => Promise.reject(new Error('postgres://user:password@host'));
    const away = await get('/readyz', { key: null });
    expect(away.json.detail).toBe('Not ready: the database cannot be reached.');
    databaseProblem = () => new Promise(() => undefined);
    const silent = await get('/readyz', { key: null });
    expect(silent.json.detail).toBe('Not ready: the database did not answer within 2 s.');
    databaseProblem = async () => null;
  });
});

describe('contract §3: OpenAPI', () => {
  it('describes every answer and every problem', async () => {
    const { status, json } = await get('/openapi.json', { key: null });
    expect(status).toBe(200);
    expect(json.openapi).toBe('3.1.0');
    const references = new Set([...JSON.stringify(json).matchAll(/"\$ref":"([^"]*)"/g)].map((match) => match[1]));
    for (const reference of references) {
      const [, name] = /^#\/components\/schemas\/([A-Za-z]+)$/.exec(reference ?? '') ?? [];
      expect(json.components.schemas, reference).toHaveProperty([name ?? '?']);
    }
    expect(Object.keys(json.components.schemas).filter((name) => name.endsWith('Input'))).toEqual([]);
    expect(references).toContain('#/components/schemas/TokenValue');
    for (const [path, methods] of Object.entries<Record<string, { responses: object }>>(json.paths)) {
      for (const [method, { responses }] of Object.entries(methods)) {
        expect(Object.keys(responses), `${method} ${path}`).toContain('default');
      }
    }
  });

  it('is answered only for what it knows', async () => {
    const body = json(await get('/openapi.json')).components.schemas.InvocationBody;
    expect(body.required).toEqual(['integration', 'command']);
    expect(body.additionalProperties).toBe(false);
  });
});
const json = (answer: { json: unknown }) => answer.json as ReturnType<typeof JSON.parse>;

describe('contract §3: answers', () => {
  it('have headers that fit an API', async () => {
    for (const path of ['/v1/keys', '/v1/nothing', '/healthz', '/nothing']) {
      const { headers } = await get(path);
      expect(Object.fromEntries(headers)).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      });
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.get('server') ?? headers.get('x-powered-by')).toBeNull();
    }
  });

  it('say nothing of what broke inside; the log does', async () => {
    const cause = Object.assign(new Error('of old'), { code: 'E_OLD' });
    broken = Object.assign(new Error('the secret of the day', { cause }), { code: 'E_NEW', detail: 'a row' });
    const answer = await get('/v1/audit?actor=somebody');
    expect([answer.status, answer.json.type]).toEqual([500, 'urn:errand:problem:internal']);
    expect(answer.bytes.toString()).not.toContain('secret of the day');
    const failed = () => lines.find(({ level, status }) => level === 'error' && status === 500);
    await expect.poll(failed).toBeDefined();
    expect(failed()).toMatchObject({
      event: 'request',
      status: 500,
      method: 'GET',
      route: '/v1/audit',
      error: {
        type: 'Error',
        message: 'the secret of the day',
        code: 'E_NEW',
        stack: expect.stringContaining('server.test.ts'),
        cause: { type: 'Error', message: 'of old', code: 'E_OLD' },
      },
      requestId: answer.headers.get('x-request-id'),
    });
    expect(JSON.stringify(failed())).not.toContain('a row');
  });

  it('say why something is away in the log alone', async () => {
    const cause = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' });
    broken = new Refusal('unavailable', 'The queue cannot be reached.', [], { cause });
    const answer = await get('/v1/audit');
    expect([answer.status, answer.json.detail]).toEqual([503, 'The queue cannot be reached.']);
    const refused = () => lines.find(({ requestId }) => requestId === answer.headers.get('x-request-id'));
    await expect.poll(refused).toMatchObject({
      level: 'error',
      error: { type: 'Refusal', message: 'The queue cannot be reached.', cause: { code: 'ECONNREFUSED' } },
    });
  });

  it('tell when to come back to a database that is away', async () => {
    for (const code of ['ECONNREFUSED', '57P01', '53300']) {
      broken = Object.assign(new Error('away'), { code });
      const answer = await get('/v1/audit');
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
      expect(answer.json.type).toBe('urn:errand:problem:unavailable');
    }
    broken = null;
  });
});

it('contract §3: logs a line per request, without keys, bodies or query parameters', async () => {
  lines.length = 0;
  const asked = { body: { role: 'producer', accounts: ['very-private'], name: 'hush' } };
  await running.call('POST', '/v1/keys', asked);
  await get('/v1/audit?actor=hush');
  await expect.poll(() => lines.length).toBe(2);
  expect(lines[0]).toMatchObject({
    level: 'debug',
    event: 'request',
    method: 'POST',
    route: '/v1/keys',
    status: 201,
    actor: 'bootstrap',
  });
  const text = JSON.stringify(lines);
  for (const secret of [adminKey, 'hush', 'very-private', 'errand_']) expect(text).not.toContain(secret);
});

it('contract §3: answers what is not HTTP with a problem, too', async () => {
  const raw = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const { hostname, port } = new URL(running.url);
      const socket = connect(Number(port), hostname, () => socket.write(text));
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      socket.on('close', () => resolve(answer));
      socket.on('error', reject);
    });
  expect(await raw('HELLO\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*urn:errand:problem:malformed-request/);
  const long = `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`;
  expect(await raw(long)).toMatch(/^HTTP\/1\.1 431 [\s\S]*urn:errand:problem:headers-too-large/);
});

it('contract §3: has all its problems in docs/api.md, and no others', () => {
  const text = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8');
  const documented = [...text.matchAll(/^\| `([a-z-]+)` +\| (\d{3}) +\|/gm)].map(([, name, status]) => [
    name,
    Number(status),
  ]);
  expect(documented).toEqual(problemNames.map((name) => [name, problemCatalogue[name].status]));
  expect(text).toContain(problemType('not-found'));
});
