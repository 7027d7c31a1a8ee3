import type { LaneState } from '../../../contract/statistics.ts';
import { durationWords } from '../../parts/measures.ts';

/** From when on the oldest waits too long: a customer looks at a spinner; nightly work has a whole night. */
const longMs: Readonly<Record<LaneState['lane'], number>> = { interactive: 10_000, batch: 15 * 60_000 };

/** For how long the oldest has waited. */
export const waitedMs = ({ oldestAt }: LaneState) =>
  oldestAt === null ? 0 : Math.max(0, Date.now() - Date.parse(oldestAt));

type Warning = {
  /** The same as long as nothing changes, so that it is said once to those who listen. */
  words: string;
  /** What moves along. */
  detail: string | null;
};

/** What is wrong with a lane; `null`: nothing. */
export function laneWarning({ lane, workers }: Pick<LaneState, 'lane' | 'workers'>, waited: number): Warning | null {
  if (workers === 0) {
    return {
      words: `No worker is alive: nothing of this lane is done. Start one with "errand worker --lane ${lane}".`,
      detail: null,
    };
  }
  if (waited < longMs[lane]) return null;
  return {
    words: 'The workers do not keep up. Add one, or look at what is slow.',
    detail: `The oldest waits for ${durationWords(waited)}.`,
  };
}
