import { system } from '../audit/entry.ts';
import type { Failure } from '../contract/errors.ts';
import type { CompiledCommand } from '../integrations/configuration.ts';
import type { Exchange } from '../judging/exchange.ts';
import { noValidators, type Validators, validatorsOf } from '../judging/validators.ts';
import type { Claimed, KnownResult, Settled } from './invocation.ts';

/**
 * The stored result that a request is conditional on; `null`: it asks for whatever there is. Validators are good for the
 * question they were an answer to: the same version of the command, with the same variables and secrets.
 */
export function askedAbout(
  { conditional, version, valuesSince }: CompiledCommand,
  configurationVersion: number,
  { known }: Claimed,
): KnownResult | null {
  if (!conditional || known === null || known.commandVersion !== version) return null;
  const sameValues = valuesSince <= known.configurationVersion && known.configurationVersion <= configurationVersion;
  return sameValues ? known : null;
}

/** What a good answer can be asked about by, next time. */
export function validatorsToKeep(
  command: CompiledCommand | null,
  exchange: Exchange | null,
  known: KnownResult | null,
): Validators {
  if (command?.conditional !== true || exchange?.kind !== 'answer') return noValidators;
  const { etag, lastModified } = validatorsOf(exchange);
  // A 304 need not repeat what has not changed.
  if (exchange.status === 304 && known !== null) {
    return { etag: etag ?? known.etag, lastModified: lastModified ?? known.lastModified };
  }
  // They are those of the address that it was redirected to, which is not the one that is asked next time.
  return exchange.redirected === undefined ? { etag, lastModified } : noValidators;
}

/**
 * What is recorded of a 304 whose stored bytes were deleted while it was on its way: it brought nothing. The invocation
 * asks again at once, also beyond its allowed attempts, and gets the bytes: nothing is stored to be conditional on.
 */
export function askAgain({ claimed, attempt, health }: Settled): Settled {
  const message =
    'The server answered 304 (not modified), but the stored result that the request named was deleted meanwhile. ' +
    'Errand asks again for the whole.';
  const error: Failure = { code: 'unexpected-status', message, side: 'errand' };
  const details = { integration: claimed.integration, command: claimed.command, attempt: claimed.attempt, error };
  return {
    claimed,
    attempt: { ...attempt, outcome: 'retryable', error, result: null },
    next: { status: 'retrying', error, delayMs: 0 },
    health,
    audit: [
      {
        account: claimed.account,
        actor: system,
        action: 'attempt.failed',
        subject: { type: 'invocation', id: claimed.id },
        details: { ...details, retryInMs: 0 },
      },
    ],
  };
}
