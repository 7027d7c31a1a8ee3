import { z } from 'zod';

/** Whose move it is when an invocation fails. */
export const sides = ['customer-server', 'credentials', 'configuration', 'request', 'errand'] as const;
export type Side = (typeof sides)[number];

/**
 * Every way an invocation or an attempt can fail: one catalogue for code, API and docs/errors.md. `side` is the usual
 * one; a verdict may know better (a 401 is `credentials`). Match `code`, never the message.
 */
export const errorCatalogue = {
  'token-missing': { side: 'request', means: 'A token in the template had no value; nothing was sent.' },
  'render-failed': { side: 'request', means: 'A value cannot stand where the template puts it; nothing was sent.' },
  'egress-blocked': { side: 'configuration', means: 'The address is private, reserved or on a refused port.' },
  'dns-failed': { side: 'customer-server', means: 'The host name could not be resolved.' },
  'connect-failed': { side: 'customer-server', means: 'The connection was refused, reset or cut.' },
  'tls-failed': { side: 'customer-server', means: 'The TLS handshake or the certificate check failed.' },
  timeout: { side: 'customer-server', means: 'The exchange was not complete within its time.' },
  'protocol-error': { side: 'customer-server', means: 'The answer was not valid HTTP, or broke off.' },
  'response-too-large': { side: 'customer-server', means: 'The answer was larger than accept.maxBytes.' },
  'unexpected-status': { side: 'customer-server', means: 'The status is not in accept.statuses.' },
  'unexpected-content': { side: 'customer-server', means: 'The answer is not the kind of content asked for.' },
  absent: { side: 'request', means: "The customer's system says that there is no such thing." },
  'rate-limited': { side: 'customer-server', means: 'The server asked to wait beyond the deadline.' },
  'integration-paused': { side: 'configuration', means: 'The integration is paused.' },
  'command-not-configured': { side: 'configuration', means: 'The integration has no such command.' },
  'secret-unreadable': { side: 'errand', means: 'A secret cannot be decrypted with the keys Errand was given.' },
  'invalid-job': { side: 'request', means: 'A job in the queue does not have the documented shape.' },
  poisoned: { side: 'errand', means: 'The work ended its worker more than once and was set aside.' },
  cancelled: { side: 'request', means: 'A person cancelled it.' },
  'attempts-exhausted': { side: 'customer-server', means: 'The last allowed attempt failed too; see cause.' },
  'deadline-exceeded': { side: 'customer-server', means: 'No further attempt fits before the deadline; see cause.' },
} as const satisfies Record<string, { side: Side; means: string }>;

export type ErrorCode = keyof typeof errorCatalogue;
export const errorCodes = Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]];
export const errorCodeSchema = z.enum(errorCodes);

export const failureSchema = z.strictObject({
  code: errorCodeSchema,
  message: z.string(),
  side: z.enum(sides),
  cause: errorCodeSchema.optional(),
});
/** Why an invocation or attempt failed. `message` is written for the person who can mend it. */
export type Failure = z.infer<typeof failureSchema>;
