import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { actor, build, secretKey } from './building.ts';

describe('contract §3: a secret that may only go to some hosts', () => {
  let database: TestDatabase;
  let built: ReturnType<typeof build>;
  const value = 'a secret of theirs';
  const page = { limit: 50 };

  beforeAll(async () => {
    database = await createDatabase();
    built = build(database.pool, [secretKey('k1')], async () => {
      return { kind: 'answer', status: 200, headers: [], body: new Uint8Array(0), framed: true };
    });
    const { integrations } = built;
    const variables = { base: 'https://api.acme.example' };
    await integrations.put('*', actor, 'acme', { name: 'Acme', type: 'custom', variables });
    await save({ allowedHosts: ['API.acme.example', '*.files.acme.example'] });
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    for (const list of [built.sent, built.checked]) list.splice(0);
    await database.pool.query('truncate audit_log');
  });

  const save = (more: object = {}) => built.integrations.secrets.put('*', actor, 'acme', 'apiKey', { value, ...more });
  const usingIt = {
    url: (url: string) => ({ method: 'GET', url: `${url}?k={{apiKey}}` }),
    header: (url: string) => ({ method: 'GET', url, headers: [{ key: 'X-Key', value: '{{ apiKey }}' }] }),
    body: (url: string) => ({ method: 'POST', url, body: 'key {{apiKey}}' }),
  } as const;
  const draftOf = (url: string, how: keyof typeof usingIt = 'header') => ({
    tokens: { InvoiceNumber: 'INV1' },
    draft: { request: usingIt[how](url), accept: { contentTypes: ['*/*'] } },
  });
  const preview = (body: object) => built.integrations.preview('*', 'acme', 'GetInvoiceImage', body);
  const test = (body: object) =>
    built.integrations.test(
      { actor, accounts: '*' },
      { integration: 'acme', command: 'GetInvoiceImage', body },
      new AbortController().signal,
    );
  const audit = async () => (await database.pool.query('select action, details from audit_log')).rows;
  const hosts = 'may be sent to (api.acme.example, *.files.acme.example)';

  it('is shown with them, and its audit entry has them', async () => {
    const saved = await save({ allowedHosts: ['API.acme.example', '*.files.acme.example'] });
    expect(saved.allowedHosts).toEqual(['api.acme.example', '*.files.acme.example']);
    expect((await built.integrations.secrets.list('*', 'acme', page)).items).toEqual([saved]);
    expect(await audit()).toEqual([
      {
        action: 'secret.saved',
        details: {
          before: { hint: expect.any(String), allowedHosts: saved.allowedHosts },
          after: { hint: expect.any(String), allowedHosts: saved.allowedHosts },
        },
      },
    ]);
  });

  it.each(['url', 'header', 'body'] as const)('stops a preview and a test that use it in the %s', async (how) => {
    const draft = draftOf('https://evil.example/', how);
    const message = `evil.example is none of the hosts that the secret "apiKey" ${hosts}. Nothing was sent.`;
    expect((await preview(draft)).egress).toEqual({ allowed: false, reason: message });
    const tested = await test(draft);
    expect(tested).toMatchObject({
      response: null,
      verdict: { outcome: 'permanent', code: 'egress-blocked', message },
    });
    expect([built.sent, built.checked]).toEqual([[], []]);
    expect(await audit()).toMatchObject([{ action: 'command.tested', details: { code: 'egress-blocked' } }]);
  });

  it.each([
    '{{base}}/x',
    'https://a.files.acme.example/',
    'https://API.acme.example.:8443/',
  ])('goes to %s', async (url) => {
    expect((await preview(draftOf(url))).egress.allowed).toBe(true);
    expect((await test(draftOf(url))).verdict.outcome).toBe('succeeded');
    expect(built.sent).toHaveLength(1);
  });

  it('does not keep a request that does not use it from going anywhere', async () => {
    const draft = { request: { method: 'GET' as const, url: 'https://evil.example/' } };
    expect((await preview({ tokens: { InvoiceNumber: 'INV1' }, draft })).egress.allowed).toBe(true);
  });

  it('may go anywhere again when it is saved without hosts', async () => {
    expect((await save()).allowedHosts).toBeNull();
    expect((await preview(draftOf('https://evil.example/'))).egress.allowed).toBe(true);
  });
});
