import type {
  CallbackSecret,
  EndpointBody,
  EndpointPatch,
  EndpointTest,
  EndpointWithSecret,
  Notification,
  NotificationEndpoint,
  NotificationFilter,
} from '../contract/notification.ts';
import type { Page } from '../contract/paging.ts';
import { at, json, type ListQuery, withQuery } from './address.ts';
import type { CallOptions, Transport } from './transport.ts';

/** Calls for whom Errand tells what, and what became of it. */
export function notificationCalls({ send }: Transport) {
  const endpoint = (id: string, ...rest: string[]) => at('notification-endpoints', id, ...rest);
  return {
    /** Its secret is in this answer only. */
    createNotificationEndpoint: (body: EndpointBody, call?: CallOptions) =>
      json<EndpointWithSecret>(send('POST', at('notification-endpoints'), { ...call, body })),
    notificationEndpoints: (query: ListQuery = {}, call?: CallOptions) =>
      json<Page<NotificationEndpoint>>(send('GET', withQuery(at('notification-endpoints'), query), call)),
    notificationEndpoint: (id: string, call?: CallOptions) =>
      json<NotificationEndpoint>(send('GET', endpoint(id), call)),
    updateNotificationEndpoint: (id: string, body: EndpointPatch, call?: CallOptions) =>
      json<NotificationEndpoint>(send('PATCH', endpoint(id), { ...call, body })),
    deleteNotificationEndpoint: async (id: string, call?: CallOptions) =>
      void (await send('DELETE', endpoint(id), call)),
    /** A new secret, in this answer only; the one before is used, too, for 24 hours. */
    rotateNotificationSecret: (id: string, call?: CallOptions) =>
      json<EndpointWithSecret>(send('POST', endpoint(id, 'rotate-secret'), call)),
    testNotificationEndpoint: (id: string, call?: CallOptions) =>
      json<EndpointTest>(send('POST', endpoint(id, 'test'), call)),
    notifications: (query: ListQuery<NotificationFilter> = {}, call?: CallOptions) =>
      json<Page<Notification>>(send('GET', withQuery(at('notifications'), query), call)),
    /** Sends it again, with the same id. @throws ApiError `conflict` if its endpoint is disabled or deleted */
    retryNotification: (id: string, call?: CallOptions) =>
      json<Notification>(send('POST', at('notifications', id, 'retry'), call)),
    /** What callbacks of the account are signed with. */
    callbackSecret: (account: string, call?: CallOptions) =>
      json<CallbackSecret>(send('GET', at('callback-secrets', account), call)),
    rotateCallbackSecret: (account: string, call?: CallOptions) =>
      json<CallbackSecret>(send('POST', at('callback-secrets', account, 'rotate'), call)),
  };
}
