import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import { type Access, createAccess } from '../../../../src/access/access.ts';
import { createPortal } from '../../../../src/access/portal.ts';
import { createSessions } from '../../../../src/access/session.ts';
import { type ApiDependencies, createApi } from '../../../../src/api/api.ts';
import { anyProblemSchema } from '../../../../src/api/problems.ts';
import { createThrottle } from '../../../../src/api/session-throttle.ts';
import { openVerifyAudit } from '../../../../src/app/audit.ts';
import { openBatches } from '../../../../src/app/batches.ts';
import { consoleFolder } from '../../../../src/app/console-files.ts';
import { openDryRun } from '../../../../src/app/dry-run.ts';
import { openNotifications } from '../../../../src/app/notifications.ts';
import { openStatistics } from '../../../../src/app/statistics.ts';
import { system } from '../../../../src/audit/entry.ts';
import { createAudit } from '../../../../src/audit/list.ts';
import type { KeyAccounts, Role } from '../../../../src/contract/api-key.ts';
import { createConfigurations } from '../../../../src/integrations/configurations.ts';
import { createSealer, type Sealer } from '../../../../src/integrations/sealing.ts';
import { createIntegrations } from '../../../../src/integrations/use-cases.ts';
import { createProblems } from '../../../../src/invocations/problems.ts';
import { silentLog } from '../../../../src/platform/log.ts';
import { createRedactor } from '../../../../src/platform/redaction.ts';
import { createSchedules } from '../../../../src/schedules/use-cases.ts';
import { createKeyStore } from '../../../../src/store/api-keys.ts';
import { createAuditStore, insertAudit } from '../../../../src/store/audit.ts';
import { loadConfiguration } from '../../../../src/store/configuration.ts';
import { createIntegrationStore } from '../../../../src/store/configuring.ts';
import { decodeCursor, encodeCursor } from '../../../../src/store/cursor.ts';
import { createPortalStore } from '../../../../src/store/portal-sessions.ts';
import { createProblemStore } from '../../../../src/store/problem-groups.ts';
import { createScheduleStore } from '../../../../src/store/schedules.ts';
import { createDatabase } from '../../../support/database.ts';
import { fakeInvocations } from './fake-invocations.ts';
import { fakeResults } from './fake-results.ts';

export const adminKey = 'bootstrap-admin-key-of-the-tests-0123456789';

export type Answer = {
  status: number;
  headers: Headers;
  bytes: Buffer;
  /** The body as JSON; `null` if it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  json: any;
};

export type Asked = {
  key?: string | null;
  /** Sent as JSON, unless `raw` is given. */
  body?: unknown;
  raw?: Buffer | string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
};

export type RunningApi = Awaited<ReturnType<typeof startApi>>;

/** The API on a free port, over a database of its own; only invocations are in memory. */
export async function startApi(overrides: (pool: Pool, access: Access) => Partial<ApiDependencies> = () => ({})) {
  const database = await createDatabase();
  const { pool } = database;
  const invocations = fakeInvocations();
  const results = fakeResults();
  const access = createAccess({ store: createKeyStore(pool), adminKey, now: Date.now, newId: () => uuidv7() });
  const secretKeys = [{ id: 'k1', key: randomBytes(32) }];
  const sealer = createSealer(secretKeys);
  const integrations = integrationsOn(pool, sealer);
  const api = createApi({
    access,
    sessions: createSessions({ access, sealer, now: Date.now }),
    portal: createPortal({ store: createPortalStore(pool), access, sealer, newId: () => uuidv7() }),
    egressIps: ['203.0.113.7'],
    publicUrl: null,
    // Tests about roles show many wrong keys.
    throttle: createThrottle({ failures: 1_000_000, perSeconds: 60 }),
    board: { openQueues: async () => [] },
    console: { folder: consoleFolder, ready: async () => undefined, portalOrigins: [] },
    audit: createAudit({ store: createAuditStore(pool) }),
    verifyAudit: openVerifyAudit({ pool, secretKeys }),
    problems: createProblems({
      store: createProblemStore(pool),
      redactorOf: async () => (text) => text,
      now: Date.now,
    }),
    batches: batchesOn(pool, sealer),
    integrations,
    dryRun: openDryRun({ pool, sealer }, integrations),
    invocations: invocations.port,
    schedules: schedulesOn(pool, sealer),
    results: results.port,
    statistics: openStatistics({ pool }),
    notifications: openNotifications(
      { pool, sealer, log: silentLog, config: { publicUrl: null }, checkReceiver },
      { send: async () => ({ kind: 'answer', status: 204, headers: [], body: Buffer.alloc(0), framed: true }) },
    ),
    metrics: { public: false, text: async () => '# HELP errand_x x\n', answered: () => undefined },
    readiness: { database: async () => null, queue: async () => null },
    log: silentLog,
    version: '0.0.0',
    ...overrides(pool, access),
  });
  const answers = answerSchemas(api);
  const url = await api.listen({ host: '127.0.0.1', port: 0 });
  return {
    api,
    url,
    pool,
    sealer,
    access,
    invocations,
    /** What is registered under `/v1`; HEAD comes with GET. */
    routes: answers.known.filter((each) => each.url.startsWith('/v1/') && each.method !== 'HEAD'),
    /** And what is registered besides: health, pages, Bull Board. */
    otherRoutes: answers.known.filter((each) => !each.url.startsWith('/v1/') && each.method !== 'HEAD'),
    results,
    /** Makes a request; what comes back must be as the route's schema has it. */
    async call(method: string, path: string, asked: Asked = {}): Promise<Answer> {
      const answer = await call(url, method, path, asked);
      answers.check(method, path, answer);
      return answer;
    },
    keyFor: (role: Role, accounts: KeyAccounts = '*') => keyFor(access, role, accounts),
    async stop() {
      await api.close();
      await access.idle();
      await database.drop();
    },
  };
}

export type RegisteredRoute = {
  method: string;
  url: string;
  pattern: RegExp;
  body?: unknown;
  querystring?: unknown;
  response: Record<number, unknown>;
};

/** The answers that the routes promise. They are not checked as they are made, so the tests do. */
function answerSchemas({ fastify }: ReturnType<typeof createApi>) {
  const known: RegisteredRoute[] = [];
  fastify.addHook('onRoute', ({ method, url, schema }) => {
    const pattern = new RegExp(`^${url.replace(/:[a-z]+/g, '[^/]+')}(?:[?]|$)`);
    const { body, querystring, response } = schema ?? {};
    known.push({ method: String(method), url, pattern, body, querystring, response: { ...(response ?? {}) } });
  });
  return {
    known,
    check(method: string, path: string, { status, json }: Answer): void {
      if (json === null || path === '/openapi.json') return;
      // Bull Board and the page of the description answer their own scripts.
      if (/^\/(?:queues|docs)\//.test(path) && status < 400) return;
      const route = known.find((each) => each.method === method && each.pattern.test(path));
      const schema = status < 400 ? route?.response[status] : anyProblemSchema;
      if (!(schema instanceof z.ZodType)) throw new Error(`${method} ${path} promises no answer ${status}`);
      schema.parse(json);
    },
  };
}

function integrationsOn(pool: Pool, sealer: Sealer) {
  return createIntegrations({
    store: createIntegrationStore(pool),
    sealer,
    createRedactor,
    cursors: { encode: encodeCursor, decode: decodeCursor },
    checkEgress: async () => ({ allowed: true, reason: null }),
    onResumed: async () => undefined,
    send: async () => ({ kind: 'answer', status: 200, headers: [], body: Buffer.from('sent'), framed: true }),
    audit: (record) => insertAudit(pool, record),
    newId: () => uuidv7(),
    userAgent: 'errand/test',
    now: Date.now,
  });
}

const checkReceiver = async () => undefined;

/** Batches as they are kept, with nobody to run them. */
function batchesOn(pool: Pool, sealer: Sealer) {
  const load = (id: string) => loadConfiguration(pool, id);
  const configurations = createConfigurations({ load, sealer, createRedactor });
  const batchRinger = {
    ranges: async () => 0,
    sweeps: async () => 0,
    dueIn: () => undefined,
    stop: async () => undefined,
  };
  const core = { pool, log: silentLog, configurations, checkReceiver, batchRinger, sealer };
  return openBatches(core, { maskedTokens: () => ({}) });
}

function schedulesOn(pool: Pool, sealer: Sealer) {
  return createSchedules({
    store: createScheduleStore(pool),
    loadIntegration: (id) => loadConfiguration(pool, id),
    sealer,
    createRedactor,
    cursors: { encode: encodeCursor, decode: decodeCursor },
    newId: () => uuidv7(),
    now: Date.now,
  });
}

async function keyFor(access: Access, role: Role, accounts: KeyAccounts): Promise<string> {
  return (await access.create({ actor: system, accounts: '*' }, { role, accounts, name: `a ${role}` })).key;
}

async function call(url: string, method: string, path: string, asked: Asked): Promise<Answer> {
  const { key = adminKey, body, raw, headers = {}, signal } = asked;
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(url + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(payload === undefined ? {} : { body: payload }),
    ...(signal === undefined ? {} : { signal }),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  let json: unknown = null;
  if (bytes.length > 0 && response.headers.get('content-type')?.includes('json')) json = JSON.parse(bytes.toString());
  return { status: response.status, headers: response.headers, bytes, json };
}
