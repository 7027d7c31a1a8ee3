import { lanes } from '../contract/lane.ts';
import { mergeTexts } from '../meters/merge.ts';
import { createReadings } from '../meters/readings.ts';
import { laneStates } from '../store/lane-states.ts';
import { meterReadings } from '../store/meter-readings.ts';
import type { Core } from './core.ts';

/** The texts of other processes of which this one is to speak, too. */
export type OtherMeters = () => Promise<readonly string[]>;

/** What `/metrics` tells: of this process, of the database and, where `errand up` started them, of the lanes' processes. */
export function openApiMeters({ meters, pool, queues, config, log }: Core, others: OtherMeters) {
  const read = async () => {
    const [states, readings, ...depths] = await Promise.all([
      laneStates(pool, '*'),
      meterReadings(pool),
      // The database may be read while the queue is away.
      ...lanes.map((lane) => queues.depth(lane).catch(() => null)),
    ]);
    return {
      ...readings,
      lanes: states.map((state) => ({ ...state, oldestSeconds: ageOf(state.oldestAt) })),
      queues: lanes.flatMap((lane, index) => {
        const depth = depths[index];
        return depth == null ? [] : [{ lane, jobs: depth.waiting + depth.delayed }];
      }),
    };
  };
  const refresh = createReadings(meters, read, {
    onError: (error) => log.warn('metrics.not-read', { error }, 'The database meters are absent'),
  });
  const requests = meters.of('errand_http_requests_total');
  const durations = meters.of('errand_http_request_duration_seconds');
  return {
    public: config.metricsPublic,
    async text(): Promise<string> {
      const [texts] = await Promise.all([others(), refresh()]);
      return mergeTexts([await meters.text(), ...texts]);
    },
    answered({ method, route, status, seconds }: { method: string; route: string; status: number; seconds: number }) {
      requests.inc({ method, route, status });
      durations.observe({ method, route }, seconds);
    },
  };
}

function ageOf(at: Date | null): number | null {
  return at === null ? null : Math.max(0, (Date.now() - at.getTime()) / 1000);
}
