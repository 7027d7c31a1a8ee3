import type { NotificationError, NotificationEvent } from '../contract/notification.ts';
import type { SealedSecrets } from './signing.ts';

/**
 * The life of a notification. It is staged by the transaction that did what it tells of; every arrow is one statement in
 * store/notifications, guarded by the attempt's number.
 *
 *   pending ──claim, send──► delivered
 *     │  ▲                       │
 *     │  ├── not taken: later    │
 *     │  └──────────┬────────────┘ a person retries
 *     └──► failed ──┘ no attempt is left, or nobody is there any more (410)
 *
 * A claim moves `due_at` on by its lease: what a process was sending when it was killed is sent again after that, with the
 * same id.
 */
export type ClaimedNotification = {
  id: string;
  event: NotificationEvent;
  /** `null`: a callback. */
  endpoint: string | null;
  /** Of a callback: the account whose secret it is signed with. */
  account: string | null;
  url: string;
  /** Whom it must not hold up alone: see the table. */
  target: string;
  subject: { type: string; id: string };
  attempt: number;
  /** Of those that count: since it was staged, or retried by a person. */
  tried: number;
  createdAt: Date;
  /** JSON, as it was when it happened. */
  data: string;
  /** What it is signed with; `null`: its account has no secret yet. */
  signedWith: SealedSecrets | null;
};

/** What one try brought. `error` is `null` exactly if it was taken. */
export type Delivery = {
  status: number | null;
  error: NotificationError | null;
  /** What the receiver asked to wait (`Retry-After`), in milliseconds. */
  retryAfterMs: number | undefined;
  /** It said that nobody is there any more: 410. */
  gone: boolean;
  durationMs: number;
};

/** Whose secret a notification is signed with, as `signing_secrets` has it. */
export const endpointOwner = (id: string) => `endpoint/${id}`;
export const accountOwner = (account: string) => `account/${account}`;

/** How long one try may take, from DNS to the last byte of the answer. */
export const deliveryTimeoutMs = 15_000;
/** After this somebody else may try: what is longer than any try is a process that is gone. */
export const leaseMs = 30_000;
