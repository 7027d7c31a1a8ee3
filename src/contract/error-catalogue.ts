/** Whose move it is when an invocation fails. */
export const sides = ['customer-server', 'credentials', 'configuration', 'request', 'errand'] as const;
export type Side = (typeof sides)[number];

/**
 * Every way an invocation or an attempt can fail: one catalogue for code, API and docs/errors.md. `side` is the usual
 * one; a verdict may know better (a 401 is `credentials`). Match `code`, never the message.
 */
export const errorCatalogue = {
  'token-missing': {
    side: 'request',
    means: 'A token in the template had no value; nothing was sent.',
    mend: 'Give the token in the invocation, or take it out of the template.',
  },
  'render-failed': {
    side: 'request',
    means: 'A value cannot stand where the template puts it; nothing was sent.',
    mend: 'Correct the value, or change where the template puts it; the message names the token and the rule.',
  },
  'egress-blocked': {
    side: 'configuration',
    means:
      "The address is private, reserved, on a refused port or Errand's own, or the request uses a secret that may not go there.",
    mend: 'Use a public address; an operator can allow a private one in ERRAND_EGRESS_ALLOW. For a secret: name the host in its allowedHosts.',
  },
  'dns-failed': {
    side: 'customer-server',
    means: 'The host name could not be resolved.',
    mend: 'Check the host name in the URL; if it is right, its DNS has to be mended.',
  },
  'connect-failed': {
    side: 'customer-server',
    means: 'The connection was refused, reset or cut.',
    mend: "The customer's server or the way to it is down; Errand tries again by itself.",
  },
  'tls-failed': {
    side: 'customer-server',
    means: 'The TLS handshake or the certificate check failed.',
    mend: "The customer's certificate or TLS settings have to be mended; Errand never goes on without.",
  },
  timeout: {
    side: 'customer-server',
    means: 'The exchange was not complete within its time.',
    mend: 'Their server is too slow; raise timeoutMs if it is right to wait longer.',
  },
  'protocol-error': {
    side: 'customer-server',
    means: 'The answer was not valid HTTP, or broke off.',
    mend: 'Their server, or something in front of it, sends broken answers.',
  },
  'response-too-large': {
    side: 'customer-server',
    means: 'The answer was larger than accept.maxBytes.',
    mend: 'Raise accept.maxBytes (100 MiB at most), or ask for less.',
  },
  'unexpected-status': {
    side: 'customer-server',
    means: 'The status is not in accept.statuses.',
    mend: 'Read the kept answer: it usually says what is wrong with the request or with their server.',
  },
  'unexpected-content': {
    side: 'customer-server',
    means: 'The answer is not the kind of content asked for.',
    mend: 'Read the kept answer: often a login page (credentials), or accept.contentTypes does not fit.',
  },
  absent: {
    side: 'request',
    means: "The customer's system says that there is no such thing.",
    mend: 'Nothing to mend, if the invoice was voided; otherwise correct the number.',
  },
  'rate-limited': {
    side: 'customer-server',
    means:
      'The server asked to wait beyond the deadline, this invocation or the whole integration; or, with side ' +
      'configuration, limits.rates are used up.',
    mend: 'Send less at a time, or raise deadlineMs or limits.rates.',
  },
  'integration-paused': {
    side: 'configuration',
    means: 'The integration is paused, or held by Errand because its endpoint keeps failing; see cause.',
    mend: 'Resume the integration; or mend what the message says, which Errand tries again by itself.',
  },
  'command-not-configured': {
    side: 'configuration',
    means: 'The integration has no such command.',
    mend: 'Configure the command for the integration, or correct its name.',
  },
  'secret-unreadable': {
    side: 'errand',
    means: 'A secret cannot be decrypted with the keys Errand was given.',
    mend: 'Put the key it was sealed with back into ERRAND_SECRET_KEYS, or save the secret again.',
  },
  'invalid-job': {
    side: 'request',
    means: 'A job in the queue does not have the documented shape.',
    mend: 'Add jobs of the documented shape; the reason names the field.',
  },
  poisoned: {
    side: 'errand',
    means: 'The work ended its worker more than once and was set aside.',
    mend: "Report it with the log of the worker: it is Errand's own fault.",
  },
  cancelled: { side: 'request', means: 'A person cancelled it.', mend: 'Retry it, if it was not meant.' },
  'attempts-exhausted': {
    side: 'customer-server',
    means: 'The last allowed attempt failed too; see cause.',
    mend: 'Mend the cause, then retry; or raise retry.attempts.',
  },
  'deadline-exceeded': {
    side: 'customer-server',
    means: 'No further attempt fits before the deadline; see cause.',
    mend: 'Mend the cause, then retry; or raise deadlineMs.',
  },
} as const satisfies Record<string, { side: Side; means: string; mend: string }>;

export type ErrorCode = keyof typeof errorCatalogue;
/** All of them. */
export const errorCodes = Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]];
