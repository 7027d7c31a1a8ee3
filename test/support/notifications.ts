import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import { Webhook } from 'standardwebhooks';
import { openDispatch, openNotifications } from '../../src/app/notifications.ts';
import { system } from '../../src/audit/entry.ts';
import { parseEgressAllow } from '../../src/contract/egress.ts';
import type { EndpointBody, EndpointWithSecret } from '../../src/contract/notification.ts';
import { createSealer } from '../../src/integrations/sealing.ts';
import { createReceiverCheck } from '../../src/notifications/receiver.ts';
import { silentLog } from '../../src/platform/log.ts';
import { refusedAsWritten } from '../../src/sending/egress.ts';
import { createSender } from '../../src/sending/sender.ts';
import type { LoggedRequest } from './endpoints/endpoint.ts';

/** What a receiver reads: the body, if the signature holds. @throws WebhookVerificationError */
export function verified(request: LoggedRequest, secret: string): { type: string; timestamp: string; data: never } {
  const headers = Object.fromEntries(request.headers.map(({ key, value }) => [key.toLowerCase(), value]));
  return new Webhook(secret).verify(request.body.toString(), headers) as ReturnType<typeof verified>;
}

export const manager = { actor: system, accounts: '*' } as const;

/** Notifications over a real database and the network, and what sends them, pass by pass. */
export function buildNotifications(
  pool: Pool,
  {
    keys = [{ id: 'k1', key: randomBytes(32) }],
    allow = '127.0.0.1',
    publicUrl = null as string | null,
  }: { keys?: { id: string; key: Buffer }[]; allow?: string; publicUrl?: string | null } = {},
) {
  const sealer = createSealer(keys);
  const rules = { allow: parseEgressAllow(allow), own: () => [] };
  const sender = createSender({ ...rules, maxBufferedBytes: 1_000_000, userAgent: 'errand/test' });
  const checkReceiver = createReceiverCheck((url) => refusedAsWritten(url, rules));
  const core = { pool, sealer, log: silentLog, config: { publicUrl }, checkReceiver };
  const dispatch = openDispatch(core, sender);
  const uses = openNotifications(core, sender);
  return {
    ...uses,
    dispatch,
    /** Sends all that is due, and all that gets due by it. */
    async sendAll(): Promise<void> {
      for (;;) {
        const taken = await dispatch.pass();
        await dispatch.idle();
        if (taken === 0) return;
      }
    },
    endpoint: (url: string, body: Partial<EndpointBody> = {}): Promise<EndpointWithSecret> =>
      uses.endpoints.create(manager, { url, events: ['batch.finished'], ...body }),
    callbackSecret: async (account = 'default') => (await uses.callbackSecrets.read(manager, account)).secret,
    list: async (filter = {}) => (await uses.messages.list('*', filter, { limit: 100 })).items,
    close: () => sender.close(),
  };
}
