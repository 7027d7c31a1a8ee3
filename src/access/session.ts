import { type GoodKey, type Principal, Unauthenticated } from './authenticate.ts';

/** A browser that has shown a good key: what its cookie holds, and until when it is good. */
export type Session = { cookie: string; expiresAt: Date; principal: Principal };

export type SessionDependencies = {
  /** Encrypts and authenticates under `ERRAND_SECRET_KEYS`. `open` throws for what it did not seal. */
  sealer: { seal(plaintext: string, context: string): string; open(sealed: string, context: string): string };
  access: { check(key: Buffer): Promise<GoodKey>; recall(id: string, hash: Buffer): Promise<GoodKey> };
  now: () => number;
};

export type Sessions = ReturnType<typeof createSessions>;

/** A working day and some, so that nobody signs in twice in it. */
const longestMs = 12 * 60 * 60 * 1000;
const context = 'session';
const over = 'The session is over: sign in again.';

/**
 * Sessions of browsers, which a process need not remember: the cookie names the key, sealed, and each request looks
 * that key up like any other. So a revoked or expired key ends its sessions at once, and so does a changed
 * `ERRAND_ADMIN_KEY`, or taking the secret key that sealed them out of `ERRAND_SECRET_KEYS`.
 */
export function createSessions({ sealer, access, now }: SessionDependencies) {
  return {
    /** Opens a session for whoever shows a good key. @throws Unauthenticated */
    async start(key: Buffer): Promise<Session> {
      const { id, hash, expiresAt, principal } = await access.check(key);
      const startedAt = now();
      const latest = startedAt + longestMs;
      return {
        cookie: sealer.seal(JSON.stringify([id, hash.toString('base64url'), startedAt]), context),
        expiresAt: new Date(Math.min(latest, expiresAt?.getTime() ?? latest)),
        principal: asSession(principal),
      };
    },
    /** Who makes a request with this cookie. @throws Unauthenticated if the session or its key is not good any more */
    async resume(cookie: string): Promise<Principal> {
      const [id, hash, startedAt] = read(cookie);
      if (startedAt + longestMs <= now()) throw new Unauthenticated(over, false);
      return asSession((await access.recall(id, Buffer.from(hash, 'base64url'))).principal);
    },
  };

  function read(cookie: string): [id: string, hash: string, startedAt: number] {
    try {
      // What can be opened was sealed here, so it has the shape that `start` gave it.
      return JSON.parse(sealer.open(cookie, context));
    } catch {
      throw new Unauthenticated(over, false);
    }
  }
}

const asSession = (principal: Principal): Principal => ({
  ...principal,
  actor: { ...principal.actor, type: 'session' },
});
