import type { RouteCase } from './routes.ts';

/** An endpoint that is told of what concerns the account `north`. */
export const endpoint = { url: 'https://ops.example.com/', events: ['batch.finished'], accounts: ['north'] };

const operating = ['operator', 'admin'] as const;
const managing = ['admin'] as const;

/** Those of notifications. `:endpoint` and `:notification`, of the account `north`, are made anew for each request. */
export const notificationRoutes: readonly RouteCase[] = [
  { method: 'GET', path: '/v1/notification-endpoints', status: 200, roles: operating, elsewhere: 200 },
  {
    method: 'POST',
    path: '/v1/notification-endpoints',
    body: endpoint,
    status: 201,
    roles: managing,
    elsewhere: 403,
  },
  { method: 'GET', path: '/v1/notification-endpoints/:endpoint', status: 200, roles: operating, elsewhere: 404 },
  {
    method: 'PATCH',
    path: '/v1/notification-endpoints/:endpoint',
    body: { name: 'Operations' },
    status: 200,
    roles: managing,
    elsewhere: 404,
  },
  { method: 'DELETE', path: '/v1/notification-endpoints/:endpoint', status: 204, roles: managing, elsewhere: 404 },
  {
    method: 'POST',
    path: '/v1/notification-endpoints/:endpoint/rotate-secret',
    status: 200,
    roles: managing,
    elsewhere: 404,
  },
  { method: 'POST', path: '/v1/notification-endpoints/:endpoint/test', status: 200, roles: managing, elsewhere: 404 },
  { method: 'GET', path: '/v1/notifications', status: 200, roles: operating, elsewhere: 200 },
  { method: 'POST', path: '/v1/notifications/:notification/retry', status: 200, roles: operating, elsewhere: 404 },
  { method: 'GET', path: '/v1/callback-secrets/north', status: 200, roles: managing, elsewhere: 404 },
  { method: 'POST', path: '/v1/callback-secrets/north/rotate', status: 200, roles: managing, elsewhere: 404 },
];
