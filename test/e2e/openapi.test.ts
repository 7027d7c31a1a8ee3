import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Described, describedBy } from '../integration/api/support/described.ts';
import { mutations } from '../integration/api/support/mutations.ts';
import { type Deployment, deploy } from '../support/deployment.ts';

/** What the tests of the API beside this one have in memory: invocations, and what is asked of them. */
const bodies: Readonly<Record<string, unknown>> = {
  enqueue: {
    integration: 'acme',
    command: 'GetInvoiceImage',
    tokens: { InvoiceNumber: 'INV1', ipAddress: '203.0.113.7' },
    lane: 'batch',
    reference: 'a reference',
    idempotencyKey: 'a key',
    runAt: '2100-01-01T00:00:00Z',
    fallback: 'stored',
  },
  redriveInvocations: {
    integration: 'acme',
    command: 'GetInvoiceImage',
    codes: ['timeout'],
    since: '2026-01-01T00:00:00Z',
    dryRun: true,
  },
};
const reads = [
  'listInvocations',
  'getInvocation',
  'getResult',
  'getLatestResult',
  'retryInvocation',
  'cancelInvocation',
];

let errand: Deployment;
let api: ReturnType<typeof describedBy>;
beforeAll(async () => {
  errand = await deploy({ name: 'postgres' });
  await errand.client.putIntegration('acme', { name: 'Acme', type: 'custom' });
  const request = { method: 'GET' as const, url: 'https://acme.example/{{InvoiceNumber}}?ip={{ipAddress}}' };
  await errand.client.putCommand('acme', 'GetInvoiceImage', { request });
  api = describedBy((await (await fetch(`${errand.url}/openapi.json`)).json()) as Parameters<typeof describedBy>[0]);
});
afterAll(() => errand.stop());

async function call({ method }: Described, path: string, body?: unknown) {
  const response = await fetch(errand.url + path, {
    method,
    headers: {
      authorization: `Bearer ${errand.adminKey}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const { status, headers } = response;
  const bytes = Buffer.from(await response.arrayBuffer());
  const json = headers.get('content-type')?.includes('json') ? JSON.parse(bytes.toString()) : null;
  return { status, headers, bytes, json };
}

const named = (id: string) => {
  const found = api.operations.find(({ operation }) => operation.operationId === id);
  if (found === undefined) throw new Error(`/openapi.json has no ${id}`);
  return found;
};

const strange = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }).filter((value) => value.isWellFormed() && !/^\.{0,2}$/.test(value)),
  fc.constantFrom(
    ' ',
    '0',
    '-1',
    'acme',
    '%',
    '01890000-0000-7000-8000-000000000000',
    '2026-13-01T00:00:00Z',
    '\u0000',
    'x'.repeat(900),
  ),
);

describe('contract §3: invocations as /openapi.json has them', () => {
  it.each(Object.keys(bodies))('%s', async (id) => {
    const described = named(id);
    const right = await call(described, described.path, bodies[id]);
    expect([right.status < 300, right.json.detail, api.answer(described, right)]).toEqual([true, undefined, null]);
    await fc.assert(
      fc.asyncProperty(mutations(bodies[id]), async (body) => {
        const answer = await call(described, described.path, body);
        const wrong = api.body(described, body);
        expect([answer.status < 500, api.answer(described, answer)]).toEqual([true, null]);
        // A body with a field `__proto__` is not even read.
        const status = JSON.stringify(body)?.includes('"__proto__":') ? 400 : 422;
        if (wrong !== null) expect([answer.status, wrong]).toEqual([status, wrong]);
      }),
      { numRuns: 150 },
    );
  });

  it.each(reads)('%s', async (id) => {
    const described = named(id);
    const parameters = (described.operation.parameters ?? []).filter(({ in: where }) => where === 'query');
    const names = fc.constantFrom('InvoiceNumber', 'unheardOf', ...parameters.map(({ name }) => name));
    await fc.assert(
      fc.asyncProperty(strange, names, strange, async (segment, name, value) => {
        const path = described.path.replaceAll(/\{.*?\}/g, encodeURIComponent(segment));
        const answer = await call(described, `${path}?${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
        expect([answer.status < 500, api.answer(described, answer)]).toEqual([true, null]);
      }),
      { numRuns: 100 },
    );
  });
});
