import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandBody } from '../../src/contract/command.ts';
import { type Canary, createCanary, tracesOf, waysToWrite } from '../support/canary.ts';
import { createHunt, type Hunt } from '../support/canary-hunt.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { type BodyKind, echoModes, bodyKinds as kinds, requestToEcho, startEcho } from '../support/endpoints/echo.ts';
import type { Endpoint } from '../support/endpoints/endpoint.ts';
import { runErrand } from '../support/errand.ts';
import { queueBackends } from '../support/queues.ts';

const control = `control-${randomBytes(6).toString('hex')}`;
const apiKey = createCanary('the secret');
const authToken = createCanary('the sensitive token');
const part = createCanary('a part of a sensitive object');
const canaries: readonly Canary[] = [apiKey, authToken, part];

const commandOf = (kind: string) => `Canary${kind}`;
/** One each: so many failures would have one integration held. */
const integrationOf = (kind: string) => `${control}-${kind.toLowerCase()}`;

describe.each(queueBackends())('values that must never be shown, on $name (contract §6)', (backend) => {
  let errand: Deployment;
  let endpoint: Endpoint;
  let hunt: Hunt;
  const invocations: string[] = [];
  let batch: string;

  beforeAll(async () => {
    [errand, endpoint] = await Promise.all([
      deploy(backend, { LOG_LEVEL: 'trace' }),
      startEcho(() => canaries, control),
    ]);
    hunt = createHunt(errand, backend);
    await Promise.all([errand.worker('interactive'), errand.worker('batch')]);
    for (const kind of kinds) {
      const tokens = [
        { name: 'mode' },
        { name: 'note' },
        { name: 'authToken', sensitive: true },
        { name: 'auth token', aliasOf: 'authToken' },
        { name: 'payload', sensitive: true },
      ];
      await api('configuration', 'PUT', `/v1/command-types/${commandOf(kind)}`, { tokens });
      await configure(kind, integrationOf(kind));
    }
    await configure('Json', `${control}-batch`);
  });
  afterAll(async () => {
    await errand?.stop();
    await endpoint?.close();
  });

  const api: Hunt['api'] = (...call) => hunt.api(...call);

  async function configure(kind: BodyKind, integration: string): Promise<void> {
    const request = requestToEcho(kind, endpoint.url, control);
    // One attempt, so that the integrations are not held; the batch tries again.
    const retry = { attempts: integration.endsWith('-batch') ? 2 : 1, baseMs: 10, maxMs: 20 };
    const command: CommandBody = { request, accept: { contentTypes: ['application/pdf'] }, retry };
    await api('configuration', 'PUT', `/v1/integrations/${integration}`, { name: control, type: 'custom' });
    const path = `/v1/integrations/${integration}`;
    expect((await api('configuration', 'PUT', `${path}/secrets/apiKey`, { value: apiKey.value })).status).toBe(200);
    expect((await api('configuration', 'PUT', `${path}/commands/${commandOf(kind)}`, command)).status).toBe(200);
  }

  const tokensOf = (mode: string) => ({
    mode,
    authToken: authToken.value,
    payload: { on: true, deep: [{ key: part.value }] },
  });
  const invoke = (kind: string, mode: string, more: object = {}, headers: Record<string, string> = {}) => {
    const body = { integration: integrationOf(kind), command: commandOf(kind), tokens: tokensOf(mode), ...more };
    return api('invocations', 'POST', '/v1/invocations', body, headers);
  };

  it('are sent to the endpoint, as they are', async () => {
    const tests = kinds.map((kind) => `/v1/integrations/${integrationOf(kind)}/commands/${commandOf(kind)}`);
    for (const path of tests) {
      const body = { tokens: tokensOf('echo-1') };
      expect((await api('preview', 'POST', `${path}/preview`, body)).json.headers).toContainEqual({
        key: 'X-Token',
        value: 'Bearer ***',
      });
      expect((await api('test', 'POST', `${path}/test`, body)).json.verdict.code).toBe('unexpected-status');
    }
    const [got] = endpoint.requests.splice(0);
    expect([got?.header('x-key'), got?.header('x-token')]).toEqual([apiKey.value, `Bearer ${authToken.value}`]);
    for (const kind of kinds) {
      for (const mode of echoModes) {
        const lane = kind === 'Get' ? { prefer: 'wait=30' } : {};
        const accepted = await invoke(kind, mode, { reference: control }, lane);
        invocations.push(accepted.json.id);
      }
    }
    for (const id of invocations) await errand.ended(id);
    const written = JSON.stringify(endpoint.requests.map(({ headers, url, body }) => [headers, url, `${body}`]));
    expect(tracesOf([part], written)).not.toEqual([]);
    expect(written).toContain(apiKey.cores[2]);
    const failed = await errand.client.getInvocation(invocations[0] as string);
    expect(failed.attempts[0]?.response?.bodyPreview).toContain(control);
    expect(failed.attempts[0]?.response?.bodyPreview?.match(/\*\*\*/g)?.length).toBeGreaterThan(10);
    const ok = await errand.client.getInvocation(invocations[echoModes.indexOf('ok')] as string);
    expect(ok).toMatchObject({ status: 'succeeded', result: { contentType: 'application/pdf' } });
    // Result bytes are kept as they came.
    expect(Buffer.from((await errand.client.result(ok.id)).bytes).toString()).toContain(apiKey.value);
  }, 120_000);

  it('also when it is cancelled, tried again, or a secret is handed over as another token', async () => {
    const running = (await invoke('Plain', 'never')).json.id;
    await expect.poll(() => endpoint.requests.some(({ url }) => url.startsWith('/never'))).toBe(true);
    await api('invocations', 'POST', `/v1/invocations/${running}/cancel`);
    const { id } = (await invoke('Plain', 'echo-1', { tokens: { ...tokensOf('echo-1'), note: `at ${apiKey.value}` } }))
      .json;
    await errand.ended(id);
    await api('invocations', 'POST', `/v1/invocations/${id}/retry`);
    const ended = await errand.ended(id);
    expect([ended.attempts.length, ended.tokens.note]).toEqual([2, '***']);
    invocations.push(running, id);
    const items = echoModes.slice(0, 6).map((mode) => ({ tokens: tokensOf(mode), reference: control }));
    batch = (
      await api('batch', 'POST', '/v1/batches', {
        integration: `${control}-batch`,
        command: commandOf('Json'),
        items,
        run: control,
      })
    ).json.id;
    const events = await api('events', 'GET', `/v1/batches/${batch}/events`);
    expect(events.status).toBe(200);
  }, 60_000);

  it('nor in what is said of bad input', async () => {
    const path = `/v1/integrations/${integrationOf('Get')}`;
    const secret = `${path}/secrets/${control}`;
    const bad = [
      await api('problems', 'PUT', secret, { value: apiKey.value.repeat(200) }),
      await api('problems', 'PUT', secret, { value: apiKey.value, [control]: apiKey.value }),
      await api('problems', 'PUT', secret, { value: [apiKey.value] }),
      await api('problems', 'PUT', secret, { value: apiKey.value, allowedHosts: apiKey.value }),
      await api('problems', 'PUT', secret, apiKey.value),
      await api('problems', 'PUT', secret, `{"value":"${apiKey.value}"`),
      await api('problems', 'PUT', `${path}/secrets/mode`, { value: apiKey.value }),
      await invoke('Get', 'ok', { tokens: { ...tokensOf('ok'), 'auth token': part.value } }),
      await invoke('Get', 'ok', { tokens: { ...tokensOf('ok'), [control]: authToken.value } }),
      await invoke('Get', 'ok', { tokens: { ...tokensOf('ok'), apiKey: authToken.value } }),
      await invoke('Get', 'ok', { tokens: authToken.value }),
      await api('problems', 'GET', `/v1/audit?limit=${encodeURIComponent(authToken.value)}`),
      await api('problems', 'GET', '/v1/keys', undefined, { authorization: `Bearer errand_${apiKey.cores[0]}` }),
      await api(
        'problems',
        'GET',
        `${path}/commands/CanaryGet/latest?mode=ok&authToken=${encodeURIComponent(authToken.value)}`,
      ),
    ];
    expect(bad.map(({ status }) => status >= 400 && status < 500)).toEqual(bad.map(() => true));
    const env = { ERRAND_URL: errand.url, ERRAND_API_KEY: errand.adminKey };
    for (const pair of [`authToken=${authToken.value}`, `autToken=${authToken.value}`]) {
      const args = ['invoke', integrationOf('Form'), commandOf('Form'), 'mode=type', pair];
      const { code, stderr, stdout } = await runErrand(args, { ...env, LOG_LEVEL: 'trace' });
      expect(code).toBeGreaterThan(0);
      hunt.note('errand invoke', `${stderr}\n${stdout}`);
    }
    // A header cannot hold this: it fails when it is rendered.
    const value = `${authToken.value}\n€`;
    const { id } = (await invoke('Get', 'ok', { tokens: { ...tokensOf('ok'), authToken: value } })).json;
    expect((await errand.ended(id)).error?.code).toBe('render-failed');
    invocations.push(id);
  });

  it('in anything that can be read over HTTP', async () => {
    const commands = Object.fromEntries(kinds.map((kind) => [integrationOf(kind), commandOf(kind)]));
    await hunt.readEverything({ commands, invocations, batch, name: control });
    await hunt.readBoard();
  }, 60_000);

  it('in logs, the database and the queue', async () => {
    await hunt.readStores();
    // A producer's own job is kept as it was put there; so it comes after that. Nobody else shows what is in it.
    const queue = await backend.openQueue(`${errand.prefix}-batch`, errand.database.url);
    const tokens = { ...tokensOf('ok'), [control]: authToken.value };
    const data = { integration: integrationOf('Get'), command: commandOf('Get'), tokens };
    const reason = await queue.finished(await queue.add('invoke', data)).then(String, String);
    await queue.close();
    expect(reason).toContain('invalid-job');
    hunt.note('invalid job', reason);
    await api('audit', 'GET', '/v1/audit?action=job.refused');
    await hunt.readBoard();
    hunt.readLogs();
    expect(errand.api.output()).toContain('"event":"request"');
    expect([...hunt.seen.keys()].sort()).toEqual(
      [
        ...['audit', 'batch', 'board', 'configuration', 'database', 'descriptions', 'errand invoke', 'events'],
        ...[
          'integrations',
          'invalid job',
          'invocations',
          'lists',
          'log of the API',
          'logs of the workers',
          'preview',
          'problems',
        ],
        ...['report', 'report as CSV', 'test', ...(backend.name === 'redis' ? ['Redis'] : [])],
      ].sort(),
    );
  });

  it('and would be found, if they were there', () => {
    const without = [...hunt.seen].filter(([, texts]) => !texts.some((text) => text.includes(control)));
    expect(without.map(([where]) => where)).toEqual(['descriptions', 'log of the API']);
    for (const canary of canaries) {
      for (const way of waysToWrite(canary.value)) expect(tracesOf([canary], `… ${way} …`)).not.toEqual([]);
    }
  });

  it('are nowhere', () => {
    expect(hunt.found(canaries).slice(0, 20)).toEqual([]);
  });
});
