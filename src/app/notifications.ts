import type { Pool } from 'pg';
import { uuidv7 } from 'uuidv7';
import { createCallbackSecretUses } from '../notifications/callback-secrets.ts';
import { type CallbackOf, createCallbackOf } from '../notifications/callbacks.ts';
import { createDeliver, type Deliver } from '../notifications/deliver.ts';
import { createDispatch, type Dispatch, type Tried, tryOnce } from '../notifications/dispatch.ts';
import { createEndpointUses, disabledRecord } from '../notifications/endpoints.ts';
import { createMessageUses } from '../notifications/messages.ts';
import { deliveryTimeoutMs } from '../notifications/notification.ts';
import { createSigning } from '../notifications/signing.ts';
import { createGatherer } from '../platform/gather.ts';
import type { Log } from '../platform/log.ts';
import { redactUrl } from '../platform/redact-url.ts';
import type { Sender } from '../sending/sender.ts';
import { knownAccounts } from '../store/accounts.ts';
import { insertAudit } from '../store/audit.ts';
import { createEndpointStore, disableEndpoint } from '../store/notification-endpoints.ts';
import { findNotification, newestCallback, pageNotifications, retryNotification } from '../store/notification-pages.ts';
import { claimNotifications, recordTries, stageTest, tellFinishedRuns } from '../store/notifications.ts';
import { createSigningStore, replaceSecret } from '../store/signing-secrets.ts';
import type { Core } from './core.ts';
import { ownAsConfigured } from './own-services.ts';
import { openSender } from './sending.ts';

const connectTimeoutMs = 5_000;
/** Of an answer nobody reads more than its status. */
const maxAnswerBytes = 64 * 1024;
const maxBufferedBytes = 8 * 1024 * 1024;

/** How soon it is noticed that something is due, where nothing is in flight. */
const idleMs = 500;
/** After the database was away. */
const awayMs = 2_000;
const runsEveryMs = 10_000;

type NotificationCore = Pick<Core, 'pool' | 'log' | 'sealer'> & { config: Pick<Core['config'], 'publicUrl'> };

function openDeliver({ pool, sealer, config }: NotificationCore, sender: Pick<Sender, 'send'>): Deliver {
  const signing = createSigning({ store: createSigningStore(pool), sealer });
  return createDeliver({
    send: (request) =>
      sender.send(request, { timeoutMs: deliveryTimeoutMs, connectTimeoutMs, maxBytes: maxAnswerBytes }),
    secretsOf: signing.secretsOf,
    publicUrl: config.publicUrl,
    now: () => new Date(),
    elapsed: () => performance.now(),
  });
}

function openTries(core: NotificationCore, sender: Pick<Sender, 'send'>) {
  const { pool, log } = core;
  const records = createGatherer({
    flush: (tries: readonly Tried[]) => recordTries(pool, tries),
    maxItems: 100,
  });
  return {
    deliver: openDeliver(core, sender),
    record: records.add,
    disable: async (endpoint: string, reason: string) => {
      await disableEndpoint(pool, endpoint, reason, disabledRecord);
      log.warn('notification-endpoint.disabled', { endpoint, reason }, 'A notification endpoint is told nothing more');
    },
    log,
  };
}

/** What became of the callbacks of invocations and batches. */
export function openCallbackOf(pool: Pool): CallbackOf {
  return createCallbackOf({ newest: (type, id) => newestCallback(pool, type, id), shownUrl: redactUrl });
}

/** Notification endpoints, messages and callback secrets, as the API has them. */
export function openNotifications(core: NotificationCore & Pick<Core, 'checkReceiver'>, sender: Pick<Sender, 'send'>) {
  const { pool, sealer, checkReceiver } = core;
  const signing = createSigning({ store: createSigningStore(pool), sealer });
  const audit: Parameters<typeof createMessageUses>[0]['audit'] = (record) => insertAudit(pool, record);
  const tries = openTries(core, sender);
  return {
    endpoints: createEndpointUses({
      store: createEndpointStore(pool),
      signing,
      checkReceiver,
      stageTest: (endpoint) => stageTest(pool, endpoint),
      tryOnce: (notification) => tryOnce(tries, notification, Math.random),
      audit,
      newId: () => uuidv7(),
    }),
    messages: createMessageUses({
      store: {
        page: (accounts, filter, query) => pageNotifications(pool, accounts, filter, query),
        find: (accounts, id) => findNotification(pool, accounts, id),
        retry: (id) => retryNotification(pool, id),
      },
      audit,
    }),
    callbackSecrets: createCallbackSecretUses({
      signing,
      replace: (secret, record) => replaceSecret(pool, secret, record),
      audit,
      knownAccounts: () => knownAccounts(pool),
    }),
  };
}

/** What sends notifications, once for each call of `pass`. */
export function openDispatch(core: NotificationCore, sender: Pick<Sender, 'send'>): Dispatch {
  const { pool } = core;
  return createDispatch({
    claim: (limits) => claimNotifications(pool, limits),
    ...openTries(core, sender),
    random: Math.random,
  });
}

/** Sends notifications for as long as a batch lane's worker runs: any of them takes what is due, none leads. */
export function startNotifier(core: Core): { stop(): Promise<void> } {
  const { config, log, pool } = core;
  const sender = openSender(config, ownAsConfigured(config), maxBufferedBytes);
  const dispatch = openDispatch(core, sender);
  let stopped = false;
  const sending = sendAgainAndAgain({ dispatch, pool, log, isStopped: () => stopped });
  return {
    async stop() {
      stopped = true;
      await sending;
      await dispatch.idle();
      await sender.close();
    },
  };
}

async function sendAgainAndAgain({
  dispatch,
  pool,
  log,
  isStopped,
}: {
  dispatch: Dispatch;
  pool: Pool;
  log: Log;
  isStopped: () => boolean;
}): Promise<void> {
  let runsAt = performance.now();
  while (!isStopped()) {
    try {
      if (performance.now() >= runsAt) {
        await tellFinishedRuns(pool);
        runsAt = performance.now() + runsEveryMs;
      }
      await dispatch.pass();
      await dispatch.freed(idleMs);
    } catch (error) {
      log.warn('notifications.not-sent', { error }, 'Could not look for notifications; tries again');
      await dispatch.freed(awayMs);
    }
  }
}
