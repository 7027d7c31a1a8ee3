import { Agent, request } from 'undici';
import { play } from '../play.ts';
import { concurrency } from '../settings.ts';

/** undici alone: requests without a queue and without a database. */
const [, , url = '', count = '0'] = process.argv;
const dispatcher = new Agent({ connections: concurrency });
let left = Number(count);
let ended = 0;
let ms = 0;

await play({
  start: async () => {
    const since = performance.now();
    const one = async () => {
      while (left > 0) {
        left -= 1;
        const { body } = await request(url, { dispatcher });
        await body.arrayBuffer();
        ended += 1;
      }
    };
    void Promise.all(Array.from({ length: concurrency }, one)).then(() => {
      ms = performance.now() - since;
    });
    return { ready: null, figures: () => ({ ended: ms === 0 ? 0 : ended, ms }), stop: () => dispatcher.close() };
  },
});
