import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandBody } from '../../src/contract/command.ts';
import { type Canary, createCanary, createPlainCanary, tracesOf, waysToWrite } from '../support/canary.ts';
import { createHunt, type Hunt } from '../support/canary-hunt.ts';
import { type CanaryKind, type CanaryKinds, startCanaryKinds } from '../support/canary-kinds.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { echoModes } from '../support/endpoints/echo.ts';
import { startProxy, type TunnelProxy } from '../support/endpoints/proxy.ts';
import { runErrand } from '../support/errand.ts';
import { queueBackends } from '../support/queues.ts';

const control = `control-${randomBytes(6).toString('hex')}`;
const command = 'CanaryAuthentication';
const proxyPassword = createCanary('the password of the proxy');
const refusedSecret = createPlainCanary('the client secret that is refused');
const misfit = createCanary('a secret that does not fit');
const integrationOf = (name: string) => `${control}-${name}`;

describe.each(queueBackends())('what integrations authenticate with, on $name (contract §6)', (backend) => {
  let errand: Deployment;
  let proxy: TunnelProxy;
  let hunt: Hunt;
  let on: CanaryKinds;
  let canaries: readonly Canary[];
  const invocations: string[] = [];
  let batch: string;

  beforeAll(async () => {
    [proxy, on] = await Promise.all([
      startProxy(`errand:${encodeURIComponent(proxyPassword.value)}`),
      startCanaryKinds(control),
    ]);
    const env = { HTTP_PROXY: proxy.url, https_proxy: proxy.url, ERRAND_EGRESS_ALLOW: '127.0.0.1,localhost' };
    errand = await deploy(backend, { ...env, LOG_LEVEL: 'trace' });
    hunt = createHunt(errand, backend);
    await Promise.all([errand.worker('interactive'), errand.worker('batch')]);
    await api('configuration', 'PUT', `/v1/command-types/${command}`, { tokens: [{ name: 'mode' }] });
    for (const kind of on.kinds) await configure(kind);
  }, 60_000);
  afterAll(async () => {
    await errand?.stop();
    await Promise.all([on?.close(), proxy?.close()]);
  });

  const api: Hunt['api'] = (...call) => hunt.api(...call);

  async function save(path: string, body: unknown): Promise<void> {
    const { status, json } = await api('configuration', 'PUT', path, body);
    expect(status, JSON.stringify(json)).toBe(200);
  }

  async function configure({
    name,
    secrets,
    endpoint: { url },
    auth,
    tls,
  }: Omit<CanaryKind, 'shows' | 'endpoint'> & { endpoint: { url: string } }): Promise<void> {
    const path = `/v1/integrations/${integrationOf(name)}`;
    // A signature is of a body, and redirects are followed without one.
    const signs = auth.type === 'hmac' || auth.type === 'standard-webhooks';
    const definition: CommandBody = {
      request: {
        method: signs ? 'POST' : 'GET',
        url: `${url}/{{mode}}?c=${control}`,
        headers: [{ key: 'Content-Type', value: 'application/json' }],
        ...(signs ? { body: '{"mode":"{{mode}}"}' } : {}),
      },
      accept: { contentTypes: ['application/pdf'] },
      retry: { attempts: 1 },
    };
    await save(path, { name: control, type: 'custom' });
    for (const [secret, { value }] of Object.entries(secrets)) await save(`${path}/secrets/${secret}`, { value });
    await save(path, { name: control, type: 'custom', auth, tls: tls ?? null });
    await save(`${path}/commands/${command}`, definition);
  }

  async function invoke(name: string, mode: string) {
    const body = { integration: integrationOf(name), command, tokens: { mode }, reference: control };
    const { json } = await api('invocations', 'POST', '/v1/invocations', body, { prefer: 'wait=30' });
    invocations.push(json.id);
    return errand.ended(json.id);
  }

  it('is sent as it is, through the proxy', async () => {
    for (const { name, endpoint, shows } of on.kinds) {
      const path = `/v1/integrations/${integrationOf(name)}/commands/${command}`;
      const tested = await api('test', 'POST', `${path}/test`, { tokens: { mode: 'echo-1' } });
      expect(tested.json.verdict, name).toMatchObject({ code: 'unexpected-status' });
      const ended = [];
      for (const mode of echoModes) ended.push(await invoke(name, mode));
      const shown = ended[1]?.attempts[0]?.response?.bodyPreview ?? '';
      expect(shown).toContain(control);
      expect(shown.match(/\*\*\*/g)?.length, name).toBeGreaterThan(5);
      expect(ended[echoModes.indexOf('ok')]).toMatchObject({ status: 'succeeded' });
      const first = endpoint.requests.filter(({ url }) => url.includes(`c=${control}`));
      expect(first.length).toBeGreaterThanOrEqual(echoModes.length + 1);
      expect(first.filter((request) => !shows(request))).toEqual([]);
      expect(proxy.asked).toContain(`127.0.0.1:${endpoint.port}`);
      const preview = await api('preview', 'POST', `${path}/preview`, { tokens: { mode: 'ok' } });
      expect(JSON.stringify(preview.json)).toMatch(/\*\*\*/);
      const draft = { request: { method: 'GET', url: `${endpoint.url}/changed?c=${control}` } };
      expect((await api('dry run', 'POST', `${path}/dry-run`, { draft })).status).toBe(200);
    }
    expect(proxy.asked).toContain(`127.0.0.1:${on.tokens.port}`);
    // Refused with 401, each attempt asks for another.
    expect(on.issued.length).toBeGreaterThan(2);
  }, 120_000);

  it('also in a batch, when it is cancelled, or tried again', async () => {
    const oauth = on.kinds.find(({ name }) => name === 'oauth') as CanaryKind;
    const integration = integrationOf('oauth');
    const items = echoModes.slice(1, 8).map((mode) => ({ tokens: { mode }, reference: control }));
    const { json } = await api('batch', 'POST', '/v1/batches', { integration, command, items, run: control });
    batch = json.id;
    expect((await api('events', 'GET', `/v1/batches/${batch}/events`)).status).toBe(200);
    const body = { integration, command, tokens: { mode: 'never' }, lane: 'interactive' };
    const running = (await api('invocations', 'POST', '/v1/invocations', body)).json.id;
    await expect.poll(() => oauth.endpoint.requests.some(({ url }) => url.startsWith('/never'))).toBe(true);
    await api('invocations', 'POST', `/v1/invocations/${running}/cancel`);
    expect((await errand.ended(running)).status).toBe('cancelled');
    const { id } = await invoke('oauth', 'echo-2');
    await api('invocations', 'POST', `/v1/invocations/${id}/retry`);
    expect((await errand.ended(id)).attempts).toHaveLength(2);
    invocations.push(running);
  }, 60_000);

  it('nor in what a token endpoint says of it', async () => {
    const { url } = on.tokens;
    const auth = {
      type: 'oauth2-client-credentials',
      tokenUrl: `${url}/refusing`,
      clientId: 'client',
      clientSecret: '{{secret}}',
    } as const;
    await configure({ name: 'refused', secrets: { secret: refusedSecret }, endpoint: { url }, auth });
    const said = refusedSecret.value;
    const answers = [
      { status: 400, body: JSON.stringify({ error: said, error_description: said }) },
      { status: 401, body: JSON.stringify({ error: 'invalid_client', error_description: said, error_uri: said }) },
      { status: 500, body: said },
      { status: 200, body: said },
      { status: 200, body: JSON.stringify({ access_token: `${said}\n`, token_type: said, expires_in: said }) },
    ];
    for (const answer of answers) {
      on.tokens.insteadOf.answer = answer;
      const { attempts } = await invoke('refused', 'ok');
      expect(attempts[0]?.error?.message).toMatch(/^No access token/);
      const path = `/v1/integrations/${integrationOf('refused')}/commands/${command}`;
      expect((await api('test', 'POST', `${path}/test`, { tokens: { mode: 'ok' } })).status).toBe(200);
    }
    on.tokens.insteadOf.answer = null;
    const asked = on.tokens.requests.filter(({ url }) => url === '/refusing');
    const basic = `Basic ${Buffer.from(`client:${said}`).toString('base64')}`;
    expect(asked.map((request) => request.header('authorization'))).toEqual(asked.map(() => basic));
    expect(asked.length).toBe(2 * answers.length);
  }, 60_000);

  it('nor in what is said of what does not fit', async () => {
    const name = 'misfit';
    const path = `/v1/integrations/${integrationOf(name)}`;
    const certificate = on.kinds.find(({ tls }) => tls !== undefined)?.tls?.certificate ?? '';
    const { value } = misfit;
    const endpoint = { url: on.tokens.url };
    await configure({
      name,
      secrets: { secret: { ...misfit, value: `${value}\n` } },
      endpoint,
      auth: { type: 'bearer', token: '{{secret}}' },
    });
    expect((await invoke(name, 'ok')).error?.code).toBe('render-failed');
    const unfit = [
      { auth: { type: 'standard-webhooks', secret: '{{secret}}' } },
      { auth: null, tls: { certificate, key: '{{secret}}' } },
      { auth: null, tls: { ca: '{{secret}}' } },
    ];
    for (const patch of unfit) {
      expect((await api('configuration', 'PATCH', path, patch)).status).toBe(200);
      expect((await invoke(name, 'ok')).error?.code).toBe('render-failed');
      await api('preview', 'POST', `${path}/commands/${command}/preview`, { tokens: { mode: 'ok' } });
    }
    const refused = [
      { auth: { type: 'basic', username: 'client', password: value } },
      { auth: { type: 'bearer', token: value, [control]: value } },
      { auth: { type: 'api-key', in: 'header', name: value, value: '{{secret}}' } },
      { auth: { type: value } },
      { tls: { ca: `-----BEGIN PRIVATE KEY-----\n${value}` } },
      { tls: { certificate, key: value } },
    ];
    const answers = [];
    for (const patch of refused) answers.push((await api('problems', 'PATCH', path, patch)).status);
    expect(answers).toEqual(refused.map(() => 422));
  }, 60_000);

  it('nor in what is said of the proxy', async () => {
    const auth = { type: 'bearer', token: '{{secret}}' } as const;
    // The proxy cannot reach it, and repeats the credentials.
    await configure({
      name: 'unreachable',
      secrets: { secret: misfit },
      endpoint: { url: 'http://127.0.0.1:2' },
      auth,
    });
    expect((await invoke('unreachable', 'ok')).attempts[0]?.error?.message).toContain('it answered 502');
    const unusable = proxy.url.replace('http:', 'socks5:');
    const env = { ...errand.env, HTTP_PROXY: unusable, https_proxy: proxy.url.replace(/\d+$/, 'port') };
    const { code, stderr, stdout } = await runErrand(['worker'], env);
    expect(code).toBe(78);
    hunt.note('refused to start', `${control} ${stderr}\n${stdout}`);
  });

  it('in anything that can be read', async () => {
    const commands = Object.fromEntries(
      [...on.kinds.map(({ name }) => name), 'refused', 'misfit', 'unreachable'].map((name) => [
        integrationOf(name),
        command,
      ]),
    );
    await hunt.readEverything({ commands, invocations, batch, name: control });
    await hunt.readBoard();
    const exported = await runErrand(['export'], { ERRAND_URL: errand.url, ERRAND_API_KEY: errand.adminKey });
    hunt.note('errand export', `${exported.stdout}\n${exported.stderr}`);
    await hunt.readStores();
    hunt.readLogs();
    canaries = [
      ...on.kinds.flatMap(({ secrets }) => Object.values(secrets)),
      ...on.issued,
      ...[proxyPassword, refusedSecret, misfit],
    ];
  }, 60_000);

  it('and would be found, if they were there', () => {
    const without = [...hunt.seen].filter(([, texts]) => !texts.some((text) => text.includes(control)));
    expect(without.map(([where]) => where)).toEqual(['descriptions', 'log of the API']);
    for (const canary of canaries) {
      expect(tracesOf([canary], `… ${canary.value} …`)).not.toEqual([]);
      // What is no key goes into texts in all these ways, and a key as it is.
      if (canary.value.includes('PRIVATE KEY')) continue;
      for (const way of waysToWrite(canary.value)) expect(tracesOf([canary], `… ${way} …`)).not.toEqual([]);
    }
  });

  it('is nowhere', () => {
    expect(canaries.length).toBeGreaterThan(on.kinds.length + 5);
    expect(hunt.found(canaries).slice(0, 20)).toEqual([]);
  });
});
