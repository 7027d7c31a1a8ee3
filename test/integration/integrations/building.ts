import { randomBytes } from 'node:crypto';
import type { Actor } from '../../../src/contract/audit.ts';
import type { CommandBody } from '../../../src/contract/command.ts';
import type { SecretKey } from '../../../src/contract/secret-keys.ts';
import { createSealer } from '../../../src/integrations/sealing.ts';
import { createIntegrations } from '../../../src/integrations/use-cases.ts';
import type { Exchange } from '../../../src/judging/exchange.ts';
import { createRedactor } from '../../../src/platform/redaction.ts';
import { insertAudit } from '../../../src/store/audit.ts';
import { createIntegrationStore } from '../../../src/store/configuring.ts';
import { decodeCursor, encodeCursor } from '../../../src/store/cursor.ts';
import type { Database } from '../../../src/store/database.ts';
import type { RenderedRequest } from '../../../src/tokens/render.ts';

export const actor: Actor = { type: 'key', id: 'key-1', name: 'a person' };
export const secretKey = (id: string): SecretKey => ({ id, key: randomBytes(32) });

export const command = (url = 'https://a.example/{{InvoiceNumber}}', more: object = {}): CommandBody => ({
  request: { method: 'GET', url },
  ...more,
});

/** The id of every test of a command. */
export const sampleId = '01890000-0000-7000-8000-000000000001';

/** The use cases on a real database, with the URLs that the egress check was asked about. */
export function build(
  pool: Database,
  keys: readonly SecretKey[] = [secretKey('k1')],
  answer: (signal: AbortSignal) => Promise<Exchange> = () => Promise.reject(new Error('nothing is sent here')),
) {
  const checked: string[] = [];
  const resumed: string[] = [];
  const sent: RenderedRequest[] = [];
  const sealer = createSealer(keys);
  const integrations = createIntegrations({
    store: createIntegrationStore(pool),
    sealer,
    createRedactor,
    cursors: { encode: encodeCursor, decode: decodeCursor },
    checkEgress: async (url) => {
      checked.push(url);
      return { allowed: true, reason: `goes to ${url}` };
    },
    onResumed: async (id) => void resumed.push(id),
    send: (request, { signal }) => {
      sent.push(request);
      return answer(signal);
    },
    audit: (record) => insertAudit(pool, record),
    newId: () => sampleId,
    userAgent: 'errand/test',
    now: () => Date.parse('2026-11-24T02:00:00Z'),
  });
  return { integrations, sealer, checked, resumed, sent };
}

/** What a use case refused with. */
export async function refused(promise: Promise<unknown>) {
  const error = await promise.then(
    () => new Error('was not refused'),
    (reason: unknown) => reason,
  );
  const { kind, message, errors } = error as {
    kind?: string;
    message: string;
    errors?: { path: string; message: string }[];
  };
  return { kind, message, errors: errors ?? [] };
}
