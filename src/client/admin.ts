import type { ApiKey, KeyAccounts, Role } from '../contract/api-key.ts';
import type { AuditEntry, AuditFilter, AuditVerification, KeptSealQuery } from '../contract/audit.ts';
import type { Page } from '../contract/paging.ts';
import type { OpenedPortal, PortalSession, PortalSessionBody, SessionInfo } from '../contract/session.ts';
import { at, json, type ListQuery, withQuery } from './address.ts';
import type { CallOptions, Transport } from './transport.ts';

export type NewKey = { role: Role; accounts: KeyAccounts; name?: string; expiresAt?: string };

/** A large log takes minutes to read; longer than this `fetch` waits for no answer. */
const verifyingMs = 290_000;

/** Calls for keys, sessions and the audit log. */
export function adminCalls({ send, open }: Transport) {
  return {
    listAudit: (query: ListQuery<AuditFilter> = {}, call?: CallOptions) =>
      json<Page<AuditEntry>>(send('GET', withQuery(at('audit'), query), call)),
    /** Reads the whole audit log; with a seal that was kept elsewhere it also finds out if the log was cut off. Sent once. */
    verifyAudit: (kept: KeptSealQuery = {}, call?: CallOptions) => {
      const path = withQuery(at('audit', 'verify'), kept);
      return json<AuditVerification>(send('GET', path, { ...call, waitMs: verifyingMs, repeatable: false }));
    },
    /** Every entry that fits, one JSON object a line, newest first, as bytes that come while they are read. */
    exportAudit: async (query: AuditFilter = {}, call?: CallOptions): Promise<ReadableStream<Uint8Array>> => {
      const headers = { accept: 'application/x-ndjson' };
      const { body } = await open(withQuery(at('audit'), query), { ...call, headers });
      if (body === null) throw new Error('the answer has no body');
      return body;
    },
    /** Who asks, and what they may do. */
    session: (call?: CallOptions) => json<SessionInfo>(send('GET', at('session'), call)),
    /** A one-time address for a customer's own admin. */
    createPortalSession: (body: PortalSessionBody, call?: CallOptions) =>
      json<PortalSession>(send('POST', at('portal-sessions'), { ...call, body })),
    /** The session that a one-time address stands for; needs no key. @throws ApiError `unauthenticated` if it was opened before */
    openPortalSession: (ticket: string, call?: CallOptions) =>
      json<OpenedPortal>(send('POST', at('portal-sessions', 'open'), { ...call, body: { ticket } })),
    /** The key itself is in this answer only. */
    createKey: (body: NewKey, call?: CallOptions) =>
      json<ApiKey & { key: string }>(send('POST', at('keys'), { ...call, body })),
    listKeys: (query: ListQuery = {}, call?: CallOptions) =>
      json<Page<ApiKey>>(send('GET', withQuery(at('keys'), query), call)),
    revokeKey: async (id: string, call?: CallOptions) => void (await send('DELETE', at('keys', id), call)),
  };
}
