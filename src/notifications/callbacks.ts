import type { Callback } from '../contract/callback.ts';
import type { Notification } from '../contract/notification.ts';

/** What a callback is of. */
export type CallbackSubject = {
  type: 'invocation' | 'batch';
  id: string;
  callbackUrl: string | null;
  finishedAt: Date | null;
};

/** `null`: nobody wants to be told. */
export type CallbackOf = (subject: CallbackSubject) => Promise<Callback | null>;

export type CallbackDependencies = {
  /** The newest message; `null`: it is not kept any more. */
  newest: (type: CallbackSubject['type'], id: string) => Promise<Notification | null>;
  /** An address as those may see it who read what it was given for. */
  shownUrl: (url: string) => string;
};

const untold = {
  notification: null,
  attempts: 0,
  lastAttemptAt: null,
  lastStatus: null,
  lastError: null,
  nextAttemptAt: null,
  endedAt: null,
};

/** What became of callbacks. Of what is open no message is looked for: it is of an ending before. */
export function createCallbackOf({ newest, shownUrl }: CallbackDependencies): CallbackOf {
  return async ({ type, id, callbackUrl, finishedAt }) => {
    if (callbackUrl === null) return null;
    const url = shownUrl(callbackUrl);
    if (finishedAt === null) return { url, status: 'waiting', ...untold };
    const message = await newest(type, id);
    if (message === null) return { url, status: null, ...untold };
    const {
      id: notification,
      status,
      attempts,
      lastAttemptAt,
      lastStatus,
      lastError,
      nextAttemptAt,
      endedAt,
    } = message;
    return { url, status, notification, attempts, lastAttemptAt, lastStatus, lastError, nextAttemptAt, endedAt };
  };
}
