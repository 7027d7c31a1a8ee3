import { STATUS_CODES } from 'node:http';
import type { NotificationError } from '../contract/notification.ts';
import type { Exchange } from '../judging/exchange.ts';
import { askedToWait } from '../judging/retry-after.ts';
import { accountOwner, type ClaimedNotification, type Delivery, endpointOwner } from './notification.ts';
import { type SealedSecrets, signedHeaders } from './signing.ts';

type Request = { method: 'POST'; url: string; headers: { key: string; value: string }[]; body: string };

export type DeliverDependencies = {
  /** One exchange, of at most `deliveryTimeoutMs`. */
  send: (request: Request) => Promise<Exchange>;
  /** Newest first. */
  secretsOf: (owner: string, known: SealedSecrets | null) => Promise<string[]>;
  /** Where people look at it; `null`: nobody said where the console is. */
  publicUrl: string | null;
  now: () => Date;
  elapsed: () => number;
};

export type Deliver = (notification: ClaimedNotification) => Promise<Delivery>;

const consolePlaces: Record<string, string> = {
  invocation: 'invocations',
  batch: 'batches',
  run: 'runs',
  integration: 'integrations',
};

/** Where the console shows it. */
export function linkTo(publicUrl: string | null, { type, id }: ClaimedNotification['subject']): string | null {
  if (publicUrl === null) return null;
  const base = publicUrl.endsWith('/') ? publicUrl.slice(0, -1) : publicUrl;
  if (type === 'schedule') return `${base}/integrations/${encodeURIComponent(id.split('/')[0] ?? '')}?tab=schedules`;
  if (type === 'audit') return `${base}/audit`;
  const place = consolePlaces[type];
  return place === undefined ? null : `${base}/${place}/${encodeURIComponent(id)}`;
}

/** The same to the byte at every try: `data` is passed on as it was written. */
function bodyOf({ event, createdAt, data, subject }: ClaimedNotification, publicUrl: string | null): string {
  const link = linkTo(publicUrl, subject);
  const head = { type: event, timestamp: createdAt.toISOString(), ...(link === null ? {} : { link }) };
  return `${JSON.stringify(head).slice(0, -1)},"data":${data}}`;
}

/** Signs a notification as it is now and sends it, once. Whatever happens comes back; only what is unforeseen is thrown. */
export function createDeliver({ send, secretsOf, publicUrl, now, elapsed }: DeliverDependencies): Deliver {
  return async (notification) => {
    const begunAt = elapsed();
    const owner =
      notification.endpoint === null ? accountOwner(notification.account ?? '') : endpointOwner(notification.endpoint);
    const answered = (delivery: Omit<Delivery, 'durationMs'>) => ({ ...delivery, durationMs: elapsed() - begunAt });
    let secrets: string[];
    try {
      secrets = await secretsOf(owner, notification.signedWith);
    } catch (error) {
      if (!(error instanceof Error && error.name === 'Unsealable')) throw error;
      const message = `The secret that it is signed with: ${error.message}.`;
      return answered(failed(null, { code: 'secret-unreadable', message }));
    }
    const body = bodyOf(notification, publicUrl);
    const headers = [
      { key: 'Content-Type', value: 'application/json' },
      ...signedHeaders(secrets, { id: notification.id, body, at: now() }),
    ];
    const exchange = await send({ method: 'POST', url: notification.url, headers, body });
    return answered(judgeDelivery(exchange, now().getTime()));
  };
}

function failed(status: number | null, error: NotificationError): Omit<Delivery, 'durationMs'> {
  return { status, error, retryAfterMs: undefined, gone: false };
}

/** Any 2xx will do, whatever came with it. @param now Unix milliseconds */
export function judgeDelivery(exchange: Exchange, now: number): Omit<Delivery, 'durationMs'> {
  const status = exchange.status ?? null;
  // Of an answer that broke off, or is larger than anybody reads, the status is there all the same.
  const told = exchange.kind === 'answer' || exchange.code === 'response-too-large';
  if (told && status !== null) {
    if (status >= 200 && status < 300) return { status, error: null, retryAfterMs: undefined, gone: false };
    const named = STATUS_CODES[status] === undefined ? `${status}` : `${status} ${STATUS_CODES[status]}`;
    const error: NotificationError = { code: 'unexpected-status', message: `The receiver answered ${named}.` };
    return { ...failed(status, error), gone: status === 410, retryAfterMs: askedToWait(exchange.headers ?? [], now) };
  }
  const { code, message } = exchange as Extract<Exchange, { kind: 'failure' }>;
  return failed(status, { code, message });
}
