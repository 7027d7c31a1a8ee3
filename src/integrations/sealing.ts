import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { SecretKey } from '../contract/secret-keys.ts';
import type { Tokens, TokenValue } from '../contract/tokens.ts';

const version = 'v1';
const ivBytes = 12;
const tagBytes = 16;

/** A sealed value cannot be opened. Names the row and field it belongs to and the reason, never a value. */
export class Unsealable extends Error {
  readonly context: string;

  constructor(context: string, reason: string) {
    super(`${context} cannot be decrypted: ${reason}`);
    this.name = 'Unsealable';
    this.context = context;
  }
}

export type Sealer = {
  /**
   * Encrypts and authenticates with the first key: `v1.<key id>.<base64url of iv, ciphertext, tag>`.
   *
   * @param context the row and field, e.g. `integration_values/acme/apiKey`: a record opens nowhere else.
   */
  seal(plaintext: string, context: string): string;
  /** @throws Unsealable if its key is not among ours, or the record was changed or belongs elsewhere. */
  open(sealed: string, context: string): string;
  /**
   * Identifies the token values of a command without giving them away: equal for equal values, whatever their order.
   * It begins with four bytes that tell the key it was made with, so that two that cannot be compared are known as such.
   */
  fingerprint(integration: string, command: string, tokens: Tokens): Buffer;
};

/** Of `Sealer.fingerprint`: the bytes that tell fingerprint keys apart. */
export const fingerprintPrefixBytes = 4;

/** A fingerprint key made of the first key, for where the one that the database keeps cannot be read. */
export function derivedFingerprintKey([first]: readonly SecretKey[]): Buffer {
  if (first === undefined) throw new Error('no secret key was given');
  return Buffer.from(hkdfSync('sha256', first.key, '', 'errand/fingerprint/v1', 32));
}

/**
 * AES-256-GCM (NIST SP 800-38D). Its random 96-bit nonces are good for 2^32 records under one key: at a million
 * sensitive invocations a day that is eleven years. A key is replaced by putting a new one in front; the old one stays
 * in the list for as long as something is sealed with it.
 *
 * @param fingerprintKey fingerprints must not change with the first key, so theirs is one of its own: see fingerprint-key.ts
 */
export function createSealer(
  keys: readonly SecretKey[],
  fingerprintKey: () => Buffer = () => derivedFingerprintKey(keys),
): Sealer {
  const [first] = keys;
  if (first === undefined) throw new Error('no secret key was given');
  const byId = new Map(keys.map(({ id, key }) => [id, createSecretKey(key)]));
  const sealingKey = createSecretKey(first.key);
  let made: FingerprintKey | undefined;

  return {
    seal(plaintext, context) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', sealingKey, iv, { authTagLength: tagBytes });
      cipher.setAAD(additionalData(first.id, context));
      const sealed = Buffer.concat([iv, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `${version}.${first.id}.${sealed.toString('base64url')}`;
    },

    open(sealed, context) {
      const [recordVersion, keyId, encoded, ...rest] = sealed.split('.');
      if (recordVersion !== version || keyId === undefined || encoded === undefined || rest.length > 0) {
        throw new Unsealable(context, 'it is not a sealed value that this version of Errand knows');
      }
      const key = byId.get(keyId);
      if (key === undefined) throw new Unsealable(context, `the key "${keyId}" is not in ERRAND_SECRET_KEYS`);
      return decrypt(key, Buffer.from(encoded, 'base64url'), additionalData(keyId, context), context);
    },

    fingerprint(integration, command, tokens) {
      made ??= readyFingerprintKey(fingerprintKey());
      const digest = createHmac('sha256', made.key)
        .update(canonicalJson([integration, command, tokens as TokenValue]))
        .digest();
      return Buffer.concat([made.prefix, digest]);
    },
  };
}

type FingerprintKey = { prefix: Buffer; key: KeyObject };

function readyFingerprintKey(key: Buffer): FingerprintKey {
  const prefix = createHash('sha256').update(key).digest().subarray(0, fingerprintPrefixBytes);
  return { prefix, key: createSecretKey(key) };
}

function additionalData(keyId: string, context: string): Buffer {
  return Buffer.from(JSON.stringify([version, keyId, context]), 'utf8');
}

function decrypt(key: KeyObject, record: Buffer, data: Buffer, context: string): string {
  if (record.length < ivBytes + tagBytes) throw new Unsealable(context, 'it is too short');
  const decipher = createDecipheriv('aes-256-gcm', key, record.subarray(0, ivBytes), { authTagLength: tagBytes });
  decipher.setAAD(data);
  decipher.setAuthTag(record.subarray(-tagBytes));
  try {
    const plaintext = decipher.update(record.subarray(ivBytes, -tagBytes));
    return Buffer.concat([plaintext, decipher.final()]).toString('utf8');
  } catch {
    throw new Unsealable(context, 'the key does not fit, or it was changed or moved');
  }
}

/** JSON with sorted keys (as in RFC 8785 §3.2.3) and without spaces: the same text for the same values. */
function canonicalJson(value: TokenValue): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.keys(value)
      .sort()
      .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name] ?? null)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}
