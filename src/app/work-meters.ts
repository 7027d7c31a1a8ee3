import type { PassDependencies } from '../batches/pass.ts';
import type { Lane } from '../contract/lane.ts';
import type { WorkDependencies } from '../invocations/work.ts';
import type { Core } from './core.ts';
import type { FlowLimits } from './limits.ts';

type AsPassesAsk = Pick<PassDependencies, 'shares' | 'permits'>;

/** What a lane's worker tells its meters beside the attempts that it recorded. */
export function openWorkMeters({ meters, config }: Pick<Core, 'meters' | 'config'>, lane: Lane) {
  const waits = meters.of('errand_waits_total');
  const rows = meters.of('errand_commit_rows');
  const seconds = meters.of('errand_commit_duration_seconds');
  let inFlight = 0;
  meters.of('errand_concurrency_limit').set({ lane }, config.concurrency[lane]);
  meters.onScrape(() => meters.of('errand_exchanges_in_flight').set({ lane }, inFlight));
  return {
    committed(commit: { rows: number; seconds: number }): void {
      rows.observe({ lane }, commit.rows);
      seconds.observe({ lane }, commit.seconds);
    },
    async inFlight<Answer>(attempt: Promise<Answer>): Promise<Answer> {
      inFlight += 1;
      try {
        return await attempt;
      } finally {
        inFlight -= 1;
      }
    },
    /** What work asks the limits for; says how often it had to wait for them. */
    countWaits({ shares, permits }: FlowLimits): Pick<WorkDependencies, 'shares' | 'permits'> & AsPassesAsk {
      const counted = <Slot>(slot: Slot | null) => {
        if (slot === null) waits.inc({ lane, for: 'slot' });
        return slot;
      };
      return {
        shares: {
          takeNow: async (integration) => counted(await shares.takeNow(integration)),
          take: async (integration, party, waitMs) => counted(await shares.take(integration, party, waitMs)),
          leftWaiting: (integration) => shares.leftWaiting(integration),
        },
        permits: {
          async take(integration, wanted) {
            const permit = await permits.take(integration, wanted);
            if (permit.granted < wanted) waits.inc({ lane, for: 'permit' });
            return permit;
          },
          giveBack: (integration, count) => permits.giveBack(integration, count),
        },
      };
    },
  };
}
