import { createConfig, lintFromString } from '@redocly/openapi-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemCatalogue, problemType } from '../../../src/api/problems.ts';
import { createAsking, generalPath } from './support/asking.ts';
import { type Described, describedBy } from './support/described.ts';
import { mutations } from './support/mutations.ts';
import { type RouteCase, routes } from './support/routes.ts';
import { type Answer, adminKey, type RunningApi, startApi } from './support/start-api.ts';

let running: RunningApi;
let asking: Awaited<ReturnType<typeof createAsking>>;
let text: string;
let api: ReturnType<typeof describedBy>;
beforeAll(async () => {
  running = await startApi();
  asking = await createAsking(running);
  const { bytes, json } = await running.call('GET', '/openapi.json', { key: null });
  text = bytes.toString();
  api = describedBy(json);
});
afterAll(() => running.stop());

const probes: RouteCase[] = ['/healthz', '/readyz'].map((path) => {
  return { method: 'GET', path, status: 200, roles: [], elsewhere: 200, public: true };
});
const metrics: RouteCase = {
  method: 'GET',
  path: '/metrics',
  status: 200,
  roles: ['operator', 'admin'],
  elsewhere: 403,
};
const cases = [...probes, metrics, ...routes];

function operationOf({ method, path }: RouteCase): Described {
  const found = api.operations.find((each) => each.method === method && generalPath(each.path) === generalPath(path));
  if (found === undefined) throw new Error(`${method} ${path} is not in /openapi.json`);
  return found;
}

/** A problem of the catalogue, as described, and none of Errand's own making. */
function expectRefused(described: Described, answer: Answer): void {
  expect(api.answer(described, answer)).toBeNull();
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  const known = Object.entries(problemCatalogue).map(([name, { status }]) => `${status} ${problemType(name as never)}`);
  expect(known).toContain(`${answer.status} ${answer.json.type}`);
  expect([answer.status, answer.json.status < 500]).toEqual([answer.json.status, true]);
}

describe('contract §3: /openapi.json', () => {
  it('is as a linter would have it', async () => {
    const config = await createConfig({
      extends: ['recommended-strict'],
      rules: { 'no-invalid-media-type-examples': 'error', 'operation-operationId-url-safe': 'error' },
    });
    const found = await lintFromString({ source: text, absoluteRef: 'openapi.json', config });
    expect(found.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`)).toEqual([]);
  });

  it('has a case here for every operation, and says which need no key', () => {
    const tried = new Set(cases.map((each) => operationOf(each).operation.operationId));
    expect(api.operations.map(({ operation }) => operation.operationId).filter((id) => !tried.has(id))).toEqual([]);
    for (const each of cases) {
      const { security } = operationOf(each).operation;
      expect([each.path, security?.length === 0]).toEqual([each.path, each.public === true]);
    }
  });

  it('shows an example of every body, which its schema accepts', () => {
    for (const described of api.operations) {
      const { operationId, requestBody } = described.operation;
      const json = requestBody?.content['application/json'];
      if (json === undefined) continue;
      expect([operationId, json.example]).not.toEqual([operationId, undefined]);
      expect([operationId, api.body(described, json.example)]).toEqual([operationId, null]);
    }
  });
});

describe.each(cases)('contract §3: $method $path', (route) => {
  const send = async (change: (body: unknown) => unknown, query = '', headers = {}) => {
    const { path, raw } = await asking.prepare(route);
    const body = raw === undefined ? {} : { raw: JSON.stringify(change(JSON.parse(raw))) ?? '' };
    return running.call(route.method, path + query, { key: adminKey, headers, ...body });
  };

  it('answers as it is described', async () => {
    const described = operationOf(route);
    const answer = await send((body) => body);
    expect(answer.status).toBe(route.status);
    expect(api.answer(described, answer)).toBeNull();
  });

  it('refuses what its description does not allow, whatever that is', async () => {
    const described = operationOf(route);
    if (route.body === undefined) {
      const { path } = await asking.prepare(route);
      const answer = await running.call(route.method, `${path}?unheardOf=1`);
      if (!path.endsWith('/latest')) expect(answer.status).toBe(422);
      return expectRefused(described, answer);
    }
    await fc.assert(
      fc.asyncProperty(mutations(route.body), async (body) => {
        const answer = await send((given) => filledIn(body, given));
        const wrong = api.body(described, body);
        if (answer.status < 300) expect([wrong, api.answer(described, answer)]).toEqual([null, null]);
        else expectRefused(described, answer);
        // A body with a field `__proto__` is not even read.
        const status = JSON.stringify(body)?.includes('"__proto__":') ? 400 : 422;
        if (wrong !== null) expect([answer.status, wrong]).toEqual([status, wrong]);
      }),
      { numRuns: 25 },
    );
  });

  it('takes no parameter and header amiss', async () => {
    const described = operationOf(route);
    const parameters = (described.operation.parameters ?? []).filter(({ in: where }) => where !== 'path');
    if (parameters.length === 0) return;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...parameters), strange, async (parameter, value) => {
        const asHeader = parameter.in === 'header';
        const headers = asHeader ? { [parameter.name]: value.replace(/[^\x20-\x7e]/g, '?') } : {};
        const query = asHeader ? '' : `?${parameter.name}=${encodeURIComponent(value)}`;
        const answer = await send((body) => body, query, headers);
        if (answer.status < 300) expect(api.answer(described, answer)).toBeNull();
        else expectRefused(described, answer);
      }),
      { numRuns: 15 },
    );
  });

  it('refuses strange paths', async () => {
    const described = operationOf(route);
    if (!described.path.includes('{')) return;
    await fc.assert(
      fc.asyncProperty(strange, async (value) => {
        const segment = encodeURIComponent(value === '.' || value === '..' ? 'x' : value);
        const path = described.path.replaceAll(/\{.*?\}/g, segment === '' ? '%20' : segment);
        const answer = await running.call(route.method, path, route.body === undefined ? {} : { body: route.body });
        if (answer.status >= 300) expectRefused(described, answer);
      }),
      { numRuns: 15 },
    );
  });
});

/** What was asked for last is made anew for each request: its ticket is in the body that is to be sent. */
function filledIn(body: unknown, given: unknown): unknown {
  const ticket = (given as { ticket?: string } | null)?.ticket;
  return ticket === undefined ? body : JSON.parse(JSON.stringify(body ?? null).replace(':ticket', ticket));
}

const strange = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }).filter((value) => value.isWellFormed()),
  fc.constantFrom(
    '',
    ' ',
    '0',
    '-1',
    '1e9',
    'null',
    'true',
    '\u0000',
    "'; drop table x; --",
    '%',
    '../..',
    'wait=1',
    '"1"',
    '*',
    '2026-13-01T00:00:00Z',
    '9'.repeat(40),
    'x'.repeat(900),
  ),
);
