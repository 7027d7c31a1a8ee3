import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

/** A secret as it is kept, and the one before it while that is good. */
export type SealedSecrets = { sealed: string; previous: string | null; previousUntil: Date | null };

export type SigningStore = {
  find(owner: string): Promise<SealedSecrets | null>;
  /** Keeps it if the owner has none, and answers the one that is kept. */
  keep(owner: string, sealed: string): Promise<SealedSecrets>;
};

type Sealer = { seal(plaintext: string, context: string): string; open(sealed: string, context: string): string };

/** Names the record that a secret is sealed in; the one before it stays in the same. */
export const signingContext = (owner: string) => `signing_secrets/${owner}`;

/** 256 bits, as Standard Webhooks writes them. */
export const newSigningSecret = () => `whsec_${randomBytes(32).toString('base64')}`;

/** For how long the secret before is used, too, after a new one was made. */
export const graceHours = 24;

/** The headers of a message (Standard Webhooks 1.0.0), with a signature of each secret. */
export function signedHeaders(
  secrets: readonly string[],
  { id, body, at }: { id: string; body: string; at: Date },
): { key: string; value: string }[] {
  return [
    { key: 'webhook-id', value: id },
    { key: 'webhook-timestamp', value: String(Math.floor(at.getTime() / 1000)) },
    { key: 'webhook-signature', value: secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' ') },
  ];
}

/** Reads secrets for signing, newest first; an account's first callback makes its secret. */
export function createSigning({ store, sealer }: { store: SigningStore; sealer: Sealer }) {
  function opened(owner: string, { sealed, previous }: SealedSecrets): string[] {
    return [sealed, previous].flatMap((one) => (one === null ? [] : [sealer.open(one, signingContext(owner))]));
  }
  const make = (owner: string) => store.keep(owner, sealer.seal(newSigningSecret(), signingContext(owner)));
  return {
    /** @throws Unsealable if its key is not among ours */
    secretsOf: async (owner: string, known: SealedSecrets | null): Promise<string[]> =>
      opened(owner, known ?? (await make(owner))),
    /** The owner's secret, made if there is none. */
    async obtain(owner: string): Promise<{ secret: string; previousUntil: Date | null }> {
      const kept = (await store.find(owner)) ?? (await make(owner));
      return { secret: opened(owner, kept)[0] as string, previousUntil: kept.previousUntil };
    },
    /** A new one, sealed for its owner. */
    fresh: (owner: string) => {
      const secret = newSigningSecret();
      return { secret, sealed: sealer.seal(secret, signingContext(owner)) };
    },
  };
}
export type Signing = ReturnType<typeof createSigning>;
