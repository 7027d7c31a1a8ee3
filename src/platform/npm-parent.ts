import type { Environment } from './config.ts';

/** npm's script is one program of Errand's, and nothing that puts it into the background to live on. */
const runsErrand = /^'?(?:errand\b|node src\/main\.ts\b)[^&]*$/;
const lookEveryMs = 500;

/**
 * npm and npx end at a SIGTERM, and their shell with them, and leave running what that has started (npm 10 and 11). So
 * where they have started this process, it is told when they have ended. On Windows nobody's parent changes.
 *
 * @returns what ends the watch
 */
export function whenNpmEnds({ npm_lifecycle_script: script = '' }: Environment, told: () => void): () => void {
  if (!runsErrand.test(script)) return () => undefined;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== parent) told();
  }, lookEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}
