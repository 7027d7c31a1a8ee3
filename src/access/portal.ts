import { createHash, randomBytes } from 'node:crypto';
import type { AuditRecord } from '../audit/entry.ts';
import type { Actor, AuditAction } from '../contract/audit.ts';
import { Refusal } from '../contract/problem.ts';
import type { OpenedPortal, PortalSession } from '../contract/session.ts';
import { type GoodKey, type Principal, Unauthenticated } from './authenticate.ts';

/** A new row; its times are the database's. */
export type PortalRow = {
  id: string;
  account: string;
  ticketHash: Buffer;
  keyId: string;
  createdBy: Actor;
  /** From now on. */
  lastsMs: number;
  openForMs: number;
};

/** A session as it is kept. */
export type StoredPortal = { id: string; account: string; keyId: string; expiresAt: Date };

export type PortalDependencies = {
  store: {
    insert(row: PortalRow, audit: AuditRecord): Promise<{ openBefore: Date; expiresAt: Date }>;
    /** The session that this ticket would open now; `null` if there is none, it was opened before or it is too late. */
    findTicket(ticketHash: Buffer): Promise<StoredPortal | null>;
    /** Opens it if nobody has meanwhile, and only then writes the audit entry; `false`: somebody has. */
    open(id: string, audit: AuditRecord): Promise<boolean>;
    /** A session that was opened and is not over; `null` if there is none. */
    findOpen(id: string): Promise<StoredPortal | null>;
  };
  access: {
    standing(id: string): Promise<GoodKey>;
    recall(id: string, hash: Buffer): Promise<GoodKey>;
  };
  /** Encrypts and authenticates under `ERRAND_SECRET_KEYS`. `open` throws for what it did not seal. */
  sealer: { seal(plaintext: string, context: string): string; open(sealed: string, context: string): string };
  newId: () => string;
};

export type Portal = ReturnType<typeof createPortal>;

/** An address is opened by a link or a frame just after it was asked for. */
const openForMs = 10 * 60 * 1000;

const prefix = 'errand_portal_';
const context = 'portal-session';
const spent =
  'The address is not good any more: it was opened before, or is older than ten minutes. Go back to where it came from ' +
  'and open it anew.';
const over = 'The portal session is over: go back to where it was opened from and open it anew.';

/** The portal session's token in an `Authorization` header; `null`: what is in it is something else. */
export function portalToken(authorization: string): string | null {
  return /^bearer +(errand_portal_\S+) *$/i.exec(authorization)?.[1] ?? null;
}

/**
 * Sessions of customers' own admins, who have no API key: an admin's program asks for an address, the browser opens it
 * once and gets a token. It is no cookie, since a frame in another site's page has none.
 *
 * The token names the session's row and has the hash of the key that it came of, sealed. Each request looks both up: so
 * a session ends with its key, and with a changed `ERRAND_ADMIN_KEY`.
 */
export function createPortal({ store, access, sealer, newId }: PortalDependencies) {
  return {
    /**
     * Makes a session that waits to be opened. `ticket` is in this answer only.
     *
     * @throws Refusal `forbidden` if the account is not its maker's
     */
    async create(
      maker: Pick<Principal, 'actor' | 'accounts'>,
      { account, expiresIn }: { account: string; expiresIn: number },
    ): Promise<Omit<PortalSession, 'url'> & { ticket: string }> {
      if (account === '*' || (maker.accounts !== '*' && !maker.accounts.includes(account))) {
        throw new Refusal('forbidden', 'A portal session can be made only for one account, which its maker has.');
      }
      const id = newId();
      const ticket = randomBytes(32).toString('base64url');
      const lastsMs = expiresIn * 1000;
      const row: PortalRow = {
        id,
        account,
        ticketHash: hashOf(ticket),
        // A browser's session is named after its key, too.
        keyId: maker.actor.id,
        createdBy: maker.actor,
        lastsMs,
        openForMs: Math.min(openForMs, lastsMs),
      };
      const audit = record('portal-session.created', maker.actor, row, { role: 'configurer', expiresIn });
      const { openBefore, expiresAt } = await store.insert(row, audit);
      const times = { openBefore: openBefore.toISOString(), expiresAt: expiresAt.toISOString() };
      return { id, account, role: 'configurer', ticket, ...times };
    },

    /** Opens a session, once. @throws Unauthenticated if the ticket is wrong, old or used, or its key not good any more */
    async open(ticket: string): Promise<OpenedPortal> {
      const session = await store.findTicket(hashOf(ticket));
      if (session === null) throw new Unauthenticated(spent, true);
      const { hash } = await access.standing(session.keyId).catch(endOf(spent));
      const audit = record('portal-session.opened', principalOf(session).actor, session, {});
      if (!(await store.open(session.id, audit))) throw new Unauthenticated(spent, true);
      const sealed = sealer.seal(JSON.stringify([session.id, hash.toString('base64url')]), context);
      return { token: prefix + sealed, expiresAt: session.expiresAt.toISOString() };
    },

    /** Who makes a request with this token. @throws Unauthenticated if the session or its key is not good any more */
    async resume(token: string): Promise<Principal> {
      const [id, hash] = read(token);
      const session = await store.findOpen(id);
      if (session === null) throw new Unauthenticated(over, true);
      await access.recall(session.keyId, Buffer.from(hash, 'base64url')).catch(endOf(over));
      return principalOf(session);
    },
  };

  function read(token: string): [id: string, hash: string] {
    try {
      // What can be opened was sealed here, so it has the shape that `open` gave it.
      return JSON.parse(sealer.open(token.slice(prefix.length), context));
    } catch {
      throw new Unauthenticated(over, true);
    }
  }
}

/** What has become of an admin's key is not the customer's to know. */
const endOf = (message: string) => (error: unknown) => {
  throw error instanceof Unauthenticated ? new Unauthenticated(message, true) : error;
};

const nameOf = 'portal of ';

/** Who did it, as it may be told to whoever asks: what the vendor's keys are called is not the customer's to know. */
export function actorTold({ portal }: Pick<Principal, 'portal'>, actor: Actor): Actor {
  const theirs = actor.type === 'session' && actor.name?.startsWith(nameOf);
  return portal === true && !theirs ? { type: actor.type, id: 'provider', name: 'your provider' } : actor;
}

function principalOf({ id, account }: Pick<StoredPortal, 'id' | 'account'>): Principal {
  const actor: Actor = { type: 'session', id, name: nameOf + account };
  return { actor, role: 'configurer', accounts: [account], portal: true };
}

/** There is nothing to guess about 256 random bits. */
function hashOf(ticket: string): Buffer {
  return createHash('sha256').update(ticket).digest();
}

function record(
  action: AuditAction,
  actor: Actor,
  { id, account }: { id: string; account: string },
  details: Record<string, unknown>,
): AuditRecord {
  return { account, actor, action, subject: { type: 'portal-session', id }, details };
}
