import { createHash, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { Webhook } from 'standardwebhooks';
import type { Auth, Tls } from '../../contract/authentication.ts';
import type { Failure } from '../../contract/errors.ts';
import { encodeHeaderText } from '../../tokens/places/header.ts';
import { type BoundSecret, boundSecrets } from '../bound-secrets.ts';
import type { StoredValue } from '../stored.ts';
import { type Authentication, namesIn, referenceIn, textsOf } from './references.ts';

/** What TLS goes by. `identity` tells connections apart that were made with other certificates. */
export type TlsTerms = { context: SecureContext; identity: string };

export type ClientTls = TlsTerms & {
  /** At an origin that a redirect led to: as strict, and without Errand's own certificate; `null`: the usual authorities. */
  elsewhere: TlsTerms | null;
};

/** Why nothing may be sent. */
export type AuthenticationProblem = Failure & { code: 'secret-unreadable' | 'render-failed' };

/** An integration's authentication with the values that it names, ready to be sent with. */
export type ResolvedAuthentication = {
  auth: Auth | null;
  tls: ClientTls | null;
  problem: AuthenticationProblem | null;
  /** Values that are not secrets themselves but give one away, to be masked like them. */
  derived: readonly string[];
  /** Of the secrets that go to the token endpoint, those that may not go anywhere. */
  boundToTokenUrl: readonly BoundSecret[];
  /** Which access token fits: the same for all that ask the same endpoint for the same as the same client. */
  tokenKey: string;
};

type Values = {
  variables: ReadonlyMap<string, string>;
  /** `null`: it cannot be decrypted. */
  secrets: ReadonlyMap<string, string | null>;
};

/** Puts values in place of the names. */
export function resolveAuthentication(
  authentication: Authentication,
  { variables, secrets }: Values,
  stored: readonly StoredValue[],
): ResolvedAuthentication {
  const fill = (name: string) => secrets.get(name) ?? variables.get(name) ?? '';
  const auth = filled(authentication.auth, fill);
  const pem = filled(authentication.tls, fill);
  const tls = pem === null ? null : clientTls(pem);
  const unreadable = namesIn(authentication).find((name) => secrets.get(name) === null);
  const asksForToken = auth?.type === 'oauth2-client-credentials';
  return {
    auth,
    tls: tls === null || 'problem' in tls ? null : tls,
    problem:
      unreadable !== undefined
        ? { code: 'secret-unreadable', message: unreadableSecret(unreadable), side: 'errand' }
        : (problemOf(auth !== null ? valueProblem(auth) : null) ??
          problemOf(tls !== null && 'problem' in tls ? tls.problem : null)),
    derived: auth?.type === 'basic' ? [basicCredentials(auth)] : [],
    boundToTokenUrl: asksForToken ? boundSecrets({ uses: namesIn(authentication) }, stored) : [],
    tokenKey: asksForToken ? hashOf({ auth, pem }) : '',
  };
}

/** What to tell of a secret that none of the keys decrypts. */
export const unreadableSecret = (name: string) =>
  `The secret "${name}" cannot be decrypted with the keys in ERRAND_SECRET_KEYS; save it again.`;

const problemOf = (message: string | null): AuthenticationProblem | null =>
  message === null ? null : { code: 'render-failed', message, side: 'configuration' };

function clientTls(pem: Tls): ClientTls | { problem: string } {
  const { ca } = pem;
  try {
    // OpenSSL passes over a CA that is none, and would then trust nobody.
    if (ca !== undefined) new X509Certificate(ca);
    return { ...termsOf(pem), elsewhere: ca === undefined ? null : termsOf({ ca }) };
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown';
    return {
      problem: `The integration's tls cannot be used: is it PEM, and does the key belong to the certificate? (${why})`,
    };
  }
}

/** Certificates and key as OpenSSL takes them, parsed once. */
function termsOf(pem: Tls): TlsTerms {
  const { ca, certificate, key } = pem;
  const context = createSecureContext({
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
  });
  return { context, identity: hashOf(pem) };
}

/** Why a value has no place where it is to go; never holds the value. */
function valueProblem(auth: Auth): string | null {
  switch (auth.type) {
    case 'bearer':
      return headerProblem('auth.token', auth.token);
    case 'api-key':
      return auth.in === 'header' ? headerProblem('auth.value', auth.value) : null;
    case 'standard-webhooks':
      try {
        new Webhook(auth.secret);
        return null;
      } catch {
        return 'The secret of auth.secret is no key of Standard Webhooks: it is base64, with or without "whsec_" before it.';
      }
    default:
      return null;
  }
}

function headerProblem(path: string, value: string): string | null {
  const encoded = encodeHeaderText(value);
  return typeof encoded === 'string' ? null : `The value of ${path} ${encoded.unfit}.`;
}

/** The same as people may see it: each secret's value is the mask. */
export function shownAuth(auth: Auth | null, variables: ReadonlyMap<string, string>, mask: string): Auth | null {
  return filled(auth, (name) => variables.get(name) ?? mask);
}

/** What follows `Basic` (RFC 7617). */
export function basicCredentials({ username, password }: { username: string; password: string }): string {
  return Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
}

function filled<Part extends Auth | Tls>(part: Part | null, fill: (name: string) => string): Part | null {
  if (part === null) return null;
  const fields = Object.entries(textsOf(part)).map(([field, text]) => {
    const name = referenceIn(text);
    return [field, name === null ? text : fill(name)];
  });
  return Object.fromEntries(fields) as Part;
}

const hashOf = (value: object) => createHash('sha256').update(JSON.stringify(value)).digest('base64url');
