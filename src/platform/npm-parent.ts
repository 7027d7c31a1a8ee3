/** npm's script is one program of Errand's, and nothing that puts it into the background to live on. */
const runsErrand = /^'?(?:errand\b|node src\/main\.ts\b)[^&]*$/;
const lookEveryMs = 500;

/**
 * npm and npx end at a SIGTERM, and their shell with them, and leave running what that has started (npm 10 and 11). So
 * where they have started this process, their end is a SIGTERM to it. On Windows nobody's parent changes.
 *
 * @param end as if the process had been sent a SIGTERM
 */
export function endWithNpm(
  { npm_lifecycle_script: script = '' }: Readonly<Record<string, string | undefined>>,
  end = () => void process.kill(process.pid, 'SIGTERM'),
): void {
  if (!runsErrand.test(script)) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    end();
  }, lookEveryMs);
  timer.unref();
}
