import type { Phases } from '../contract/invocation.ts';
import type { Answer, ExchangeFailure } from '../judging/exchange.ts';
import type { HopOutcome } from './hop.ts';
import { Trouble } from './trouble.ts';

export type HopTrouble = HopOutcome & { kind: 'trouble' };

/** What the redirects so far came to. */
export type Before = {
  redirected: NonNullable<Answer['redirected']>;
  phases: Phases;
  /** Is there a certificate of Errand's own that did not go along? */
  certificateLeft: boolean;
};

const noPhases: Phases = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, bodyMs: null };

/** Nothing went out: because of trouble with the connection, or because the URL's destination is refused. */
export function nothingSent(why: Trouble | string, phases = noPhases): HopTrouble {
  const trouble = why instanceof Trouble ? why : new Trouble('egress-blocked', why, { retryable: false });
  const preview = new Uint8Array(0);
  return { kind: 'trouble', trouble, head: undefined, preview, requestSent: false, reusable: false, phases };
}

/** @param egressIps where requests come from, for whoever has to let them in */
export function failureOf(
  outcome: HopTrouble,
  before: Before | undefined,
  egressIps: readonly string[],
): ExchangeFailure {
  const { trouble, requestSent, head, preview, phases } = outcome;
  const { code, retryable, side } = trouble;
  // What did not come out of our own network needs nobody's firewall.
  const firewall = side === 'errand' ? '' : firewallHint(code, phases, egressIps);
  const message = trouble.message + certificateHint(outcome, before) + firewall;
  // It says of the destination what is wrong with it, but not how the request came there.
  const led = before !== undefined && head === undefined && code === 'egress-blocked';
  const failure = {
    kind: 'failure',
    code,
    message: led ? `The server redirects, and ${message}` : message,
    retryable,
    requestSent: requestSent || before !== undefined,
    // A hop that was refused has none of its own.
    phases: phases === noPhases ? (before?.phases ?? phases) : phases,
    ...(side === undefined ? {} : { side }),
  } as const;
  return head === undefined ? failure : { ...failure, status: head.status, headers: head.headers, preview };
}

/** A server that demands a certificate closes the connection once TLS is there, and most do not say why. */
function certificateHint({ trouble: { code }, head, phases }: HopTrouble, before: Before | undefined): string {
  const closed =
    head === undefined && phases.tlsMs !== null && (code === 'connect-failed' || code === 'protocol-error');
  if (!closed || before?.certificateLeft !== true) return '';
  return '. Redirects led there: beyond the first origin the certificate in tls is not shown';
}

const either = new Intl.ListFormat('en', { type: 'disjunction' });

function firewallHint(code: Trouble['code'], phases: Phases, egressIps: readonly string[]): string {
  // Most firewalls say nothing: then the time is over while it connects.
  const silent =
    code === 'timeout' && phases.connectMs !== null && phases.tlsMs === null && phases.firstByteMs === null;
  if (egressIps.length === 0 || !(code === 'connect-failed' || silent)) return '';
  const them = egressIps.length === 1 ? 'it' : 'them';
  return `. Errand's requests come from ${either.format(egressIps)}: has their firewall let ${them} in?`;
}
