import type { Settled } from './invocation.ts';

type Write = (event: string, fields: Record<string, unknown>, message: string) => void;

/** One wide event per attempt, `attempt.ended`: at `info` where something failed, at `debug` where all went well. */
export function logAttempt(log: Record<'debug' | 'info', Write>, settled: Settled, recorded: boolean): void {
  const { status } = settled.next;
  const message = recorded ? 'Attempt ended' : 'Came too late to be recorded: the row had been taken back';
  const write = status === 'succeeded' && recorded ? log.debug : log.info;
  write('attempt.ended', fieldsOf(settled, recorded), message);
}

/** Ids, numbers and words of Errand's own, and the message, in which secrets are masked: nothing of what was sent. */
function fieldsOf({ claimed, attempt, next }: Settled, recorded: boolean): Record<string, unknown> {
  const { phases, result, error } = attempt;
  return {
    invocation: claimed.id,
    account: claimed.account,
    integration: claimed.integration,
    command: claimed.command,
    commandVersion: attempt.commandVersion,
    lane: claimed.lane,
    batch: claimed.batch,
    attempt: claimed.attempt,
    outcome: attempt.outcome,
    next: next.status,
    sent: attempt.sent,
    httpStatus: attempt.status,
    durationMs: Math.round(attempt.durationMs),
    bytes: attempt.responseBytes,
    ...(phases === null ? {} : { phases, reusedConnection: phases.connectMs === null && phases.firstByteMs !== null }),
    // The stored bytes still hold: a 304.
    ...(result !== null && result.bytes === null ? { notModified: true } : {}),
    ...(claimed.probe ? { probe: true } : {}),
    ...(error === null ? {} : { attemptCode: error.code, side: error.side }),
    ...(next.status === 'succeeded' ? {} : { code: next.error.code, reason: next.error.message }),
    ...(next.status === 'retrying' ? { retryInMs: Math.round(next.delayMs) } : {}),
    ...(recorded ? {} : { recorded: false }),
  };
}
