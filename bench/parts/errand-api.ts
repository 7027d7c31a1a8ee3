import { startApi } from '../../src/app/api.ts';
import { createLog } from '../../src/platform/log.ts';
import { play } from '../play.ts';
import { readyConfig } from '../settings.ts';

/** The HTTP API, as `errand api` runs it. */
const log = createLog({ level: 'warn', destination: 2 });

await play({
  start: async () => {
    const { url, stop } = await startApi(readyConfig(process.env), log);
    return { ready: { url }, figures: () => null, stop };
  },
});
