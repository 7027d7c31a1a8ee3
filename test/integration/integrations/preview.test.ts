import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandBody } from '../../../src/contract/command.ts';
import { createDatabase, type TestDatabase } from '../../support/database.ts';
import { actor, build, command, refused, secretKey } from './building.ts';

describe('contract §3: the preview of a command', () => {
  let database: TestDatabase;
  let built: ReturnType<typeof build>;
  const secret = 'the/secret value';

  beforeAll(async () => {
    database = await createDatabase();
    built = build(database.pool);
    const { integrations } = built;
    await integrations.put('*', actor, 'acme', {
      name: 'Acme',
      type: 'custom',
      variables: { base: 'https://a.example' },
    });
    await integrations.secrets.put('*', actor, 'acme', 'apiKey', { value: secret });
    await integrations.commands.put('*', actor, 'acme', 'GetInvoiceImage', {
      request: {
        method: 'POST',
        url: '{{base}}/{{InvoiceNumber}}?k={{apiKey}}',
        headers: [
          { key: 'Authorization', value: 'Bearer {{authToken}}' },
          { key: 'Content-Type', value: 'application/json' },
        ],
        body: '{"at":"{{errand.now}}","n":{{errand.attempt}},"typed":"{{ipAddress}}"}',
      },
    });
  });
  afterAll(() => database.drop());

  it('shows what would be sent, secrets and sensitive values masked, and checks the real address', async () => {
    const tokens = { InvoiceNumber: 'INV 1', 'auth token': 'session-token', ipAddress: 'session-token' };
    const shown = await built.integrations.preview('*', 'acme', 'GetInvoiceImage', { tokens });
    expect(shown).toEqual({
      method: 'POST',
      url: 'https://a.example/INV%201?k=***',
      headers: [
        { key: 'Authorization', value: 'Bearer ***' },
        { key: 'Content-Type', value: 'application/json' },
      ],
      body: '{"at":"2026-11-24T02:00:00.000Z","n":1,"typed":"***"}',
      egress: { allowed: true, reason: 'goes to https://a.example/INV%201?k=***' },
    });
    expect(built.checked).toEqual([`https://a.example/INV%201?k=${encodeURIComponent(secret)}`]);
  });

  it('shows a draft and says what is wrong with one', async () => {
    const { integrations } = built;
    const draft = command('https://b.example/{{InvoiceNumber}}');
    const preview = (body: object) => integrations.preview('*', 'acme', 'GetInvoiceImage', body);
    expect(await preview({ tokens: { InvoiceNumber: '7' }, draft })).toMatchObject({
      method: 'GET',
      url: 'https://b.example/7',
      headers: [],
      body: null,
    });
    const wrong = await refused(preview({ tokens: {}, draft: command('https://b.example/{{Nope}}') }));
    expect(wrong).toMatchObject({ kind: 'invalid', errors: [{ path: 'draft.request.url' }] });
  });

  it('takes null for a value, as an invocation does', async () => {
    const draft: CommandBody = {
      request: {
        method: 'POST',
        url: 'https://b.example/',
        headers: [{ key: 'Content-Type', value: 'application/json' }],
        body: '{"invoice":{{InvoiceNumber}}}',
      },
    };
    const body = { tokens: { InvoiceNumber: null }, draft };
    const preview = await built.integrations.preview('*', 'acme', 'GetInvoiceImage', body);
    expect(preview.body).toBe('{"invoice":null}');
  });

  it('refuses tokens that do not fit and what cannot be rendered', async () => {
    const preview = (tokens: object) =>
      refused(built.integrations.preview('*', 'acme', 'GetInvoiceImage', { tokens: tokens as never }));
    expect(await preview({})).toMatchObject({ kind: 'invalid', errors: [{ path: 'tokens.InvoiceNumber' }] });
    const complete = { InvoiceNumber: '1', authToken: 'session-token', ipAddress: '1' };
    expect(await preview({ ...complete, apiKey: 'x' })).toMatchObject({
      kind: 'invalid',
      errors: [{ path: 'tokens.apiKey' }],
    });
    expect(await preview({ ...complete, InvoiceNumber: '..' })).toMatchObject({
      kind: 'invalid',
      errors: [{ path: 'request.url' }],
    });
    expect(await preview({ ...complete, authToken: 'a\nb' })).toMatchObject({ kind: 'invalid' });
    expect(await preview({ InvoiceNumber: '1' })).toMatchObject({ kind: 'invalid' });
  });

  it('says which secret cannot be decrypted', async () => {
    const { integrations } = build(database.pool, [secretKey('k1')]);
    const tokens = { InvoiceNumber: '1', authToken: 'session-token', ipAddress: '1' };
    const refusal = await refused(integrations.preview('*', 'acme', 'GetInvoiceImage', { tokens }));
    expect(refusal.kind).toBe('invalid');
    expect(refusal.message).toContain('The secret "apiKey" cannot be decrypted');
  });
});
