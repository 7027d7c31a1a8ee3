import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A certificate and its private key, both PEM. */
export type Certificate = { readonly cert: string; readonly key: string };

/** A certificate authority that lives as long as the test; its `cert` is what a client has to trust. */
export type CertificateAuthority = Certificate & {
  /** Issues a server certificate for a DNS name, valid for a day around now unless `expired`. */
  issue(host: string, options?: { expired?: boolean }): Certificate;
};

// Just enough DER (X.690) for an X.509 v3 certificate (RFC 5280 §4.1) with an EC key.
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  if (length < 0x100) return Buffer.concat([Buffer.from([tag, 0x81, length]), content]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content]);
}
const sequence = (...parts: readonly Buffer[]) => der(0x30, ...parts);
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const utf8 = (text: string) => der(0x0c, Buffer.from(text));
const octets = (content: Buffer) => der(0x04, content);
const yes = der(0x01, Buffer.from([0xff]));

/** `YYMMDDHHMMSSZ`, in UTC. */
function utcTime(at: Date): Buffer {
  return der(0x17, Buffer.from(`${at.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`));
}

const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
const commonName = (name: string) => sequence(der(0x31, sequence(oid('550403'), utf8(name))));
const basicConstraints = (ca: boolean) => sequence(oid('551d13'), yes, octets(ca ? sequence(yes) : sequence()));
const alternativeName = (host: string) => sequence(oid('551d11'), octets(sequence(der(0x82, Buffer.from(host)))));

type Body = { subject: string; issuer: string; extensions: readonly Buffer[]; from: Date; to: Date };

function certificate({ subject, issuer, extensions, from, to }: Body, publicKey: KeyObject, signer: KeyObject): string {
  const serial = randomBytes(8);
  serial[0] = 0x40;
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ecdsaWithSha256,
    commonName(issuer),
    sequence(utcTime(from), utcTime(to)),
    commonName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, signer));
  const base64 = sequence(body, ecdsaWithSha256, signature).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

const dayMs = 86_400_000;
const keyPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/** Makes a certificate authority, without openssl and without files. */
export function createCertificateAuthority(name = 'Errand test CA'): CertificateAuthority {
  const { privateKey } = keyPair();
  const now = Date.now();
  const valid = { from: new Date(now - dayMs), to: new Date(now + dayMs) };
  const body = { subject: name, issuer: name, extensions: [basicConstraints(true)], ...valid };
  return {
    cert: certificate(body, createPublicKey(privateKey), privateKey),
    key: pem(privateKey),
    issue(host, { expired = false } = {}) {
      const server = keyPair();
      const period = expired ? { from: new Date(now - 2 * dayMs), to: new Date(now - dayMs) } : valid;
      const extensions = [basicConstraints(false), alternativeName(host)];
      const cert = certificate({ subject: host, issuer: name, extensions, ...period }, server.publicKey, privateKey);
      return { cert, key: pem(server.privateKey) };
    },
  };
}
