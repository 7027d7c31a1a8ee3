import type { Failure } from '../contract/errors.ts';
import type { CompiledCommand, Configuration } from '../integrations/configuration.ts';
import { type Health, isFailing, signOf, well } from '../judging/breaker.ts';
import type { Exchange } from '../judging/exchange.ts';
import type { Verdict } from '../judging/judge.ts';
import type { Policy } from '../judging/policy.ts';
import { sensitiveNames } from '../tokens/names.ts';
import type { Claimed } from './invocation.ts';

/** Its endpoint asked to wait for so long (`Retry-After`), and the row's deadline allows it: nothing was sent. */
export class PutOff extends Error {
  readonly delayMs: number;

  constructor(delayMs: number) {
    super(`The endpoint asked to wait ${delayMs} ms`);
    this.name = 'PutOff';
    this.delayMs = delayMs;
  }
}

/** Rows may be claimed a moment before they are due; what is due with the end of the wait is not to wait again. */
const waitSlackMs = 10;

/** What an exchange that was judged says of the integration. */
export function healthOf(
  verdict: Verdict,
  exchange: Exchange,
  command: CompiledCommand,
  { secrets, authentication }: Configuration,
): Health {
  if (verdict.outcome === 'succeeded') return well;
  const { uses } = command.request;
  const sensitive = sensitiveNames(command.type.tokens);
  const theirs = authentication?.auth != null || uses.some((name) => secrets.has(name));
  const ownCredentials = uses.some((name) => sensitive.has(name)) && !theirs;
  const sign = signOf(verdict, { status: exchange.status ?? null, ownCredentials });
  return { sign, retryAfterMs: verdict.retryAfterMs ?? null };
}

/** What is wrong with its integration is not its own fault: the one that was let through to see may be tried again. */
export function verdictOn({ probe, lane }: Claimed, verdict: Verdict, { sign }: Health): Verdict {
  if (!probe || lane === 'interactive' || !isFailing(sign) || verdict.outcome !== 'permanent') return verdict;
  return { ...verdict, outcome: 'retryable' };
}

/** Why it is not sent while Errand holds its integration; `null` if it does not. */
export function holdProblem({ integration, hold, claimedAt }: Claimed): Failure | null {
  if (hold === null) return null;
  const { failure, nextProbeAt } = hold;
  const next =
    nextProbeAt > claimedAt ? `tries again at ${new Date(nextProbeAt).toISOString()}` : 'is trying again now';
  const message =
    `Errand holds integration "${integration}", because it keeps failing, and ${next}. ` +
    `The last failure was ${failure.code}: ${failure.message}`;
  return { code: 'integration-paused', message, side: failure.side, cause: failure.code };
}

/**
 * Why it is not sent while its endpoint asks to wait; `null` if it does not.
 *
 * @throws PutOff if there is time to wait
 */
export function waitProblem({ waitMs, claimedAt, firstAttemptAt }: Claimed, { deadlineMs }: Policy): Failure | null {
  if (waitMs <= waitSlackMs) return null;
  if (claimedAt + waitMs <= firstAttemptAt + deadlineMs) throw new PutOff(waitMs);
  const seconds = Math.ceil(waitMs / 1000);
  const message =
    `The server has asked all requests to wait (Retry-After), for another ${seconds} s. That is beyond the command's ` +
    `deadline of ${deadlineMs} ms.`;
  return { code: 'rate-limited', message, side: 'customer-server' };
}
