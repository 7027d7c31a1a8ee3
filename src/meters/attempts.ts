import type { Lane } from '../contract/lane.ts';
import type { Settled } from '../invocations/invocation.ts';
import { createCounted, createSpread } from './counted.ts';

/** Integrations that have a series of their own in a process: each brings a few, and a monitoring system keeps them all. */
export const maxIntegrations = 200;
/** Cannot be in an id, a code or a lane. */
const separator = '\n';

/** What workers did. Adds in memory; never throws. */
export function createAttemptMeters(most = maxIntegrations) {
  const integrations = new Set<string>();
  const attempts = createCounted('errand_attempts_total', (key) => {
    const [lane = '', integration = '', outcome = '', code = ''] = key.split(separator);
    return { lane, integration, outcome, code };
  });
  const ended = createCounted('errand_invocations_ended_total', (key) => {
    const [lane = '', status = '', code = ''] = key.split(separator);
    return { lane, status, code };
  });
  const durations = createSpread<Lane>('errand_attempt_duration_seconds', (lane) => ({ lane }));
  const bytes = createCounted<Lane>('errand_response_bytes_total', (lane) => ({ lane }));

  function labelOf(integration: string): string {
    if (integrations.has(integration)) return integration;
    if (integrations.size >= most) return 'other';
    integrations.add(integration);
    return integration;
  }

  return {
    /** Attempts that were recorded. */
    count(recorded: readonly Settled[]): void {
      for (const { claimed, attempt, next } of recorded) {
        const { lane } = claimed;
        const code = attempt.error?.code ?? 'none';
        const of = lane + separator + labelOf(claimed.integration);
        attempts.add(of + separator + attempt.outcome + separator + code);
        if (attempt.sent) durations.observe(lane, attempt.durationMs / 1000);
        if (attempt.responseBytes !== null) bytes.add(lane, attempt.responseBytes);
        if (next.status === 'retrying') continue;
        const why = next.status === 'failed' ? next.error.code : 'none';
        ended.add(lane + separator + next.status + separator + why);
      }
    },
    /** Invocations of batches that ended without another attempt. */
    countLate(count: number): void {
      if (count > 0) ended.add(['batch', 'failed', 'deadline-exceeded'].join(separator), count);
    },
    metrics: [attempts.metric, ended.metric, durations.metric, bytes.metric],
  };
}
