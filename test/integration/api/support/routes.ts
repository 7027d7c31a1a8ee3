import type { Role } from '../../../../src/contract/api-key.ts';
import { notificationRoutes } from './notification-routes.ts';

/** A request that works for whoever may make it, on things of the account `north`. */
export type RouteCase = {
  method: string;
  path: string;
  body?: unknown;
  status: number;
  roles: readonly Role[];
  /** What a key for the account `south` alone gets. */
  elsewhere: number;
  /** Of its body, where that may be larger than others. */
  maxBytes?: number;
  /** Needs no key, and looks at none. */
  public?: true;
  /** A media type that it takes beside JSON. */
  takes?: string;
};

export const command = {
  request: { method: 'POST', url: 'https://example.com/{{InvoiceNumber}}', headers: [], body: '' },
};
export const integration = { account: 'north', name: 'North', type: 'custom' };
export const commandType = { tokens: [{ name: 'Number', required: true }] };

export const schedule = {
  command: 'GetInvoiceImage',
  cron: '0 2 * * *',
  items: [{ tokens: { InvoiceNumber: '1' } }],
};

const everybody = ['producer', 'configurer', 'operator', 'admin'] as const;
const configuring = ['configurer', 'admin'] as const;
const reading = ['configurer', 'operator', 'admin'] as const;
const looking = ['producer', 'operator', 'admin'] as const;
const operating = ['operator', 'admin'] as const;

/**
 * Every route under `/v1`, in an order in which each finds what it needs. `:invocation` is the id of an ended one;
 * `:ended`, `:open`, `:schedule`, `:running` and `:ticket` are made anew for each request; `:batch` has ended.
 */
export const routes: readonly RouteCase[] = [
  { method: 'GET', path: '/v1/session', status: 200, roles: everybody, elsewhere: 200 },
  { method: 'GET', path: '/v1/command-types', status: 200, roles: reading, elsewhere: 200 },
  {
    method: 'PUT',
    path: '/v1/command-types/GetThing',
    body: commandType,
    status: 200,
    roles: ['admin'],
    elsewhere: 403,
  },
  { method: 'GET', path: '/v1/integrations', status: 200, roles: reading, elsewhere: 200 },
  { method: 'PUT', path: '/v1/integrations/north', body: integration, status: 200, roles: configuring, elsewhere: 404 },
  { method: 'GET', path: '/v1/integrations/north', status: 200, roles: reading, elsewhere: 404 },
  {
    method: 'PATCH',
    path: '/v1/integrations/north',
    body: { name: 'N' },
    status: 200,
    roles: configuring,
    elsewhere: 404,
  },
  { method: 'POST', path: '/v1/integrations/north/pause', status: 200, roles: operating, elsewhere: 404 },
  { method: 'POST', path: '/v1/integrations/north/resume', status: 200, roles: operating, elsewhere: 404 },
  { method: 'GET', path: '/v1/integrations/north/secrets', status: 200, roles: reading, elsewhere: 404 },
  {
    method: 'PUT',
    path: '/v1/integrations/north/secrets/key',
    body: { value: 'a secret value' },
    status: 200,
    roles: configuring,
    elsewhere: 404,
  },
  { method: 'DELETE', path: '/v1/integrations/north/secrets/key', status: 204, roles: configuring, elsewhere: 404 },
  { method: 'GET', path: '/v1/integrations/north/commands', status: 200, roles: reading, elsewhere: 404 },
  {
    method: 'PUT',
    path: '/v1/integrations/north/commands/GetInvoiceImage',
    body: command,
    status: 200,
    roles: configuring,
    elsewhere: 404,
  },
  {
    method: 'GET',
    path: '/v1/integrations/north/commands/GetInvoiceImage',
    status: 200,
    roles: reading,
    elsewhere: 404,
  },
  {
    method: 'POST',
    path: '/v1/integrations/north/commands/GetInvoiceImage/preview',
    body: { tokens: { InvoiceNumber: '1' } },
    status: 200,
    roles: configuring,
    elsewhere: 404,
  },
  {
    method: 'POST',
    path: '/v1/integrations/north/commands/GetInvoiceImage/test',
    body: { tokens: { InvoiceNumber: '1' } },
    status: 200,
    roles: configuring,
    elsewhere: 404,
  },
  {
    method: 'POST',
    path: '/v1/integrations/north/commands/GetInvoiceImage/check',
    body: { draft: command },
    status: 200,
    roles: configuring,
    elsewhere: 404,
  },
  {
    method: 'POST',
    path: '/v1/integrations/north/commands/GetInvoiceImage/dry-run',
    body: { draft: command },
    status: 200,
    roles: configuring,
    elsewhere: 404,
  },
  {
    method: 'GET',
    path: '/v1/integrations/north/commands/GetInvoiceImage/versions',
    status: 200,
    roles: reading,
    elsewhere: 404,
  },
  {
    method: 'GET',
    path: '/v1/integrations/north/commands/GetInvoiceImage/versions/1',
    status: 200,
    roles: reading,
    elsewhere: 404,
  },
  { method: 'GET', path: '/v1/integrations/north/schedules', status: 200, roles: reading, elsewhere: 404 },
  {
    method: 'PUT',
    path: '/v1/integrations/north/schedules/nightly',
    body: schedule,
    status: 200,
    roles: configuring,
    elsewhere: 404,
  },
  { method: 'GET', path: '/v1/integrations/north/schedules/nightly', status: 200, roles: reading, elsewhere: 404 },
  {
    method: 'POST',
    path: '/v1/integrations/north/schedules/:schedule/run',
    status: 202,
    roles: reading,
    elsewhere: 404,
  },
  {
    method: 'DELETE',
    path: '/v1/integrations/north/schedules/nightly',
    status: 204,
    roles: configuring,
    elsewhere: 404,
  },
  {
    method: 'GET',
    path: '/v1/integrations/north/commands/GetInvoiceImage/latest',
    status: 200,
    roles: looking,
    elsewhere: 404,
  },
  {
    method: 'POST',
    path: '/v1/invocations',
    body: { integration: 'north', command: 'GetInvoiceImage' },
    status: 202,
    roles: ['producer', 'admin'],
    elsewhere: 404,
  },
  { method: 'GET', path: '/v1/invocations', status: 200, roles: looking, elsewhere: 200 },
  { method: 'GET', path: '/v1/invocations/:invocation', status: 200, roles: looking, elsewhere: 404 },
  { method: 'GET', path: '/v1/invocations/:invocation/result', status: 200, roles: looking, elsewhere: 404 },
  { method: 'POST', path: '/v1/invocations/:ended/retry', status: 202, roles: operating, elsewhere: 404 },
  { method: 'POST', path: '/v1/invocations/:open/cancel', status: 200, roles: operating, elsewhere: 404 },
  {
    method: 'POST',
    path: '/v1/invocations/redrive',
    body: { integration: 'north', codes: ['timeout'], dryRun: true },
    status: 200,
    roles: operating,
    elsewhere: 200,
  },
  {
    method: 'POST',
    path: '/v1/batches',
    body: { integration: 'north', command: 'GetInvoiceImage', items: [{ tokens: { InvoiceNumber: '1' } }] },
    status: 202,
    roles: ['producer', 'admin'],
    elsewhere: 404,
    maxBytes: 16 * 1024 * 1024,
    takes: 'application/x-ndjson',
  },
  { method: 'GET', path: '/v1/batches', status: 200, roles: looking, elsewhere: 200 },
  { method: 'GET', path: '/v1/batches/:batch', status: 200, roles: looking, elsewhere: 404 },
  { method: 'GET', path: '/v1/batches/:batch/report', status: 200, roles: looking, elsewhere: 404 },
  { method: 'GET', path: '/v1/batches/:batch/events', status: 200, roles: looking, elsewhere: 404 },
  { method: 'POST', path: '/v1/batches/:running/cancel', status: 200, roles: operating, elsewhere: 404 },
  { method: 'GET', path: '/v1/runs', status: 200, roles: looking, elsewhere: 200 },
  { method: 'GET', path: '/v1/runs/a-night', status: 200, roles: looking, elsewhere: 404 },
  { method: 'GET', path: '/v1/statistics', status: 200, roles: reading, elsewhere: 200 },
  { method: 'GET', path: '/v1/lanes', status: 200, roles: reading, elsewhere: 200 },
  { method: 'GET', path: '/v1/schedules', status: 200, roles: reading, elsewhere: 200 },
  { method: 'GET', path: '/v1/problems', status: 200, roles: operating, elsewhere: 200 },
  {
    method: 'POST',
    path: '/v1/problems/acknowledge',
    body: { integration: 'north', command: 'GetInvoiceImage', code: 'timeout' },
    status: 200,
    roles: operating,
    elsewhere: 404,
  },
  { method: 'GET', path: '/v1/audit', status: 200, roles: ['operator', 'admin'], elsewhere: 200 },
  { method: 'GET', path: '/v1/audit/verify', status: 200, roles: ['operator', 'admin'], elsewhere: 403 },
  {
    method: 'POST',
    path: '/v1/keys',
    body: { role: 'producer', accounts: ['north'] },
    status: 201,
    roles: ['admin'],
    elsewhere: 403,
  },
  { method: 'GET', path: '/v1/keys', status: 200, roles: ['admin'], elsewhere: 200 },
  { method: 'DELETE', path: '/v1/keys/:key', status: 204, roles: ['admin'], elsewhere: 404 },
  {
    method: 'POST',
    path: '/v1/portal-sessions',
    body: { account: 'north', role: 'configurer' },
    status: 201,
    roles: ['admin'],
    elsewhere: 403,
  },
  {
    method: 'POST',
    path: '/v1/portal-sessions/open',
    body: { ticket: ':ticket' },
    status: 200,
    roles: everybody,
    elsewhere: 200,
    public: true,
  },
  ...notificationRoutes,
  {
    method: 'DELETE',
    path: '/v1/integrations/north/commands/GetInvoiceImage',
    status: 204,
    roles: configuring,
    elsewhere: 404,
  },
  { method: 'DELETE', path: '/v1/integrations/north', status: 204, roles: configuring, elsewhere: 404 },
];
