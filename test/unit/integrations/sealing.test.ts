import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSecretKeys } from '../../../src/contract/secret-keys.ts';
import type { TokenValue } from '../../../src/contract/tokens.ts';
import { createSealer, Unsealable } from '../../../src/integrations/sealing.ts';

const key = (id: string) => ({ id, key: randomBytes(32) });
const context = 'integration_values/acme/apiKey';

describe('contract §5: sealing', () => {
  it('opens what it sealed, and only in its place', () => {
    const sealer = createSealer([key('k1')]);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), fc.string(), (plaintext, place, other) => {
        const sealed = sealer.seal(plaintext, place);
        expect(sealed).toMatch(/^v1\.k1\.[A-Za-z0-9_-]+$/);
        expect(sealer.open(sealed, place)).toBe(plaintext);
        if (other !== place) expect(() => sealer.open(sealed, other)).toThrow(Unsealable);
      }),
    );
  });

  it('refuses a record with any bit changed', () => {
    const sealer = createSealer([key('k1')]);
    const [version, id, encoded] = sealer.seal('a secret value', context).split('.') as [string, string, string];
    const bytes = Buffer.from(encoded, 'base64url');
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] as number) ^ 1;
      expect(() => sealer.open(`${version}.${id}.${changed.toString('base64url')}`, context)).toThrow(Unsealable);
    }
  });

  it('never seals the same twice in the same way', () => {
    const sealer = createSealer([key('k1')]);
    expect(sealer.seal('value', context)).not.toBe(sealer.seal('value', context));
  });

  it('opens with every key and seals with the first', () => {
    const [old, young] = [key('old'), key('young')];
    const sealed = createSealer([old]).seal('value', context);
    const rotated = createSealer([young, old]);
    expect(rotated.open(sealed, context)).toBe('value');
    expect(rotated.seal('value', context)).toMatch(/^v1\.young\./);
  });

  it('names the field and the reason where it cannot open, never a value', () => {
    const sealed = createSealer([key('gone')]).seal('hunter2-hunter2', context);
    const sealer = createSealer([key('k1')]);
    expect(() => sealer.open(sealed, context)).toThrow(
      'integration_values/acme/apiKey cannot be decrypted: the key "gone" is not in ERRAND_SECRET_KEYS',
    );
    for (const garbage of ['', 'v1', 'v2.k1.AAAA', 'v1.k1.AAAA', 'v1.k1.AAAA.BBBB', 'v1.k1.']) {
      expect(() => sealer.open(garbage, context)).toThrow(Unsealable);
    }
    const sameId = createSealer([{ id: 'gone', key: randomBytes(32) }]);
    expect(() => sameId.open(sealed, context)).toThrow('the key does not fit');
  });
});

describe('contract §5: fingerprints', () => {
  const keys = [key('k1')];
  const sealer = createSealer(keys);
  const json = fc.jsonValue() as fc.Arbitrary<TokenValue>;

  it('are equal for equal values in any order, and differ for others', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), fc.dictionary(fc.string(), json), (one, other) => {
        const reversed = Object.fromEntries(Object.entries(one).reverse());
        const same = sealer.fingerprint('acme', 'Get', one);
        expect(sealer.fingerprint('acme', 'Get', reversed)).toEqual(same);
        expect(createSealer(keys).fingerprint('acme', 'Get', one)).toEqual(same);
        // JSON writes -0 as 0, and so does every request.
        const written = (tokens: object) => JSON.parse(JSON.stringify(tokens));
        if (!isDeepStrictEqual(written(one), written(other))) {
          expect(sealer.fingerprint('acme', 'Get', other)).not.toEqual(same);
        }
      }),
    );
  });

  it('tell integrations, commands, types of values and keys apart', () => {
    const tokens = { InvoiceNumber: '1' };
    const all = [
      sealer.fingerprint('acme', 'Get', tokens),
      sealer.fingerprint('acm', 'eGet', tokens),
      sealer.fingerprint('acme', 'Other', tokens),
      sealer.fingerprint('acme', 'Get', { InvoiceNumber: 1 }),
      sealer.fingerprint('acme', 'Get', {}),
      createSealer([key('k2'), ...keys]).fingerprint('acme', 'Get', tokens),
    ].map((fingerprint) => fingerprint.toString('hex'));
    expect(new Set(all).size).toBe(all.length);
  });
});

describe('contract §2: ERRAND_SECRET_KEYS', () => {
  const encoded = randomBytes(32).toString('base64');

  it('holds one key or several, the first of which encrypts', () => {
    const parsed = parseSecretKeys(`k2:${encoded}, k1:${randomBytes(32).toString('base64')}`);
    expect(parsed.ok && parsed.keys.map(({ id, key: bytes }) => [id, bytes.length])).toEqual([
      ['k2', 32],
      ['k1', 32],
    ]);
  });

  it('says everything that is wrong with it without showing any of it', () => {
    const text = `k1:${encoded},k1:${encoded},${encoded},k3:${encoded.slice(4)},k4:not base64!,bad id:${encoded},`;
    const parsed = parseSecretKeys(text);
    if (parsed.ok) throw new Error('expected problems');
    expect(parsed.problems).toEqual([
      'entry 2: the id is used twice',
      'entry 3: must have the form id:base64, e.g. k1:… with 32 random bytes in base64',
      'entry 4 ("k3"): the key must be 32 bytes, not 29',
      'entry 5 ("k4"): the key must be base64',
      'entry 6: the id must be 1 to 32 letters, digits, "_" or "-"',
      'entry 7: must have the form id:base64, e.g. k1:… with 32 random bytes in base64',
    ]);
    expect(parsed.problems.join()).not.toContain(encoded.slice(4, 12));
  });
});
