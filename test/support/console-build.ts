import { buildConsole } from '../../src/app/console-files.ts';
import { silentLog } from '../../src/platform/log.ts';

/** Vitest's global setup of the projects that open the console: built once, so that no test waits for it. */
export default async function setup(): Promise<void> {
  await buildConsole(silentLog);
}
