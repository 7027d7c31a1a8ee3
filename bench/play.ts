import pg from 'pg';
import { countNetwork } from './network.ts';
import type { Report } from './part.ts';

export type Playing<Ready, Figures> = {
  start(): Promise<{ ready: Ready; figures: () => Figures; stop: () => Promise<void> }>;
};

/** The other end of `startPart`, in the part's process: says that it is ready, answers reports, stops when told. */
export async function play<Ready, Figures>({ start }: Playing<Ready, Figures>): Promise<void> {
  const statements = countStatements();
  const network = countNetwork();
  const since = process.cpuUsage();
  const { ready, figures, stop } = await start();
  process.on('message', async (message) => {
    if (message === 'report') {
      const { user, system } = process.cpuUsage(since);
      const usage = {
        cpuMicros: user + system,
        rssBytes: process.memoryUsage.rss(),
        peakRssBytes: process.resourceUsage().maxRSS * 1024,
        statements: statements(),
        network: network(),
      };
      process.send?.({ figures: figures(), usage } satisfies Report<Figures>);
    }
    if (message === 'stop') {
      await stop();
      process.exit();
    }
  });
  process.once('disconnect', () => process.exit());
  process.send?.(ready);
}

/** Counts every statement that any connection of this process sends. */
function countStatements(): () => number {
  let count = 0;
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
    count += 1;
    return Reflect.apply(query, this, given);
  } as typeof query;
  return () => count;
}
