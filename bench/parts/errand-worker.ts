import { startWorker } from '../../src/app/worker.ts';
import { laneSchema } from '../../src/contract/lane.ts';
import { createLog } from '../../src/platform/log.ts';
import { play } from '../play.ts';
import { readyConfig } from '../settings.ts';

/** One lane's worker, as `errand worker --lane …` runs it. */
const lane = laneSchema.parse(process.argv[2]);
const log = createLog({ level: 'warn', destination: 2 });

await play({
  start: async () => {
    const { stop } = await startWorker(readyConfig(process.env), lane, log);
    return { ready: null, figures: () => null, stop };
  },
});
