import { CannotStart } from '../app/cannot-start.ts';
import { isMetersQuestion, metersAnswer } from '../app/meters-channel.ts';
import { type Parent, runApi, runMigrate, runWorker } from '../app/roles.ts';
import { type Config, type Environment, loadConfig, type Role } from '../platform/config.ts';
import { createLog, type Log } from '../platform/log.ts';
import { NewerSchemaError } from '../store/migrate.ts';
import { databaseFailure } from './database-failure.ts';
import { printJson } from './output.ts';
import type { Verbs } from './verbs.ts';

type Serving = Pick<Verbs, 'up' | 'api' | 'worker' | 'migrate' | 'demo'>;

/** The commands that serve, work or prepare the database for that. */
export function createServing(env: Environment): Serving {
  const start = (role: Role): { config: Config; log: Log } => {
    const config = loadConfig(env, { role });
    return { config, log: createLog({ level: config.logLevel, base: { role } }) };
  };
  return {
    async up() {
      const { config, log } = start('up');
      const { runUp } = await import('../app/up.ts');
      await endWith(runUp(config, env, log));
    },
    async api() {
      const { config, log } = start('api');
      await endWith(runApi(config, log));
    },
    async worker(lane) {
      const { config, log } = start('worker');
      await endWith(runWorker(config, lane, log, parentProcess()));
    },
    migrate: (options) => migrate(env, options),
    demo: (options) => demo(env, options),
  };
}

/** The process ends with the role's exit code. */
async function endWith(code: Promise<number>): Promise<void> {
  try {
    process.exitCode = await code;
  } catch (error) {
    throw error instanceof NewerSchemaError ? new CannotStart(error.message) : error;
  }
}

/** `errand up` starts its workers with a channel; it closes when the parent is gone, however that ended. */
function parentProcess(): Parent | null {
  if (process.send === undefined) return null;
  let gone = () => {};
  process.once('disconnect', () => gone());
  return {
    tellReady: () => void process.send?.('ready'),
    onGone(listener) {
      gone = listener;
      // It was gone before anybody listened.
      if (!process.connected) listener();
    },
    onAsked(text) {
      process.on('message', (message) => {
        if (!isMetersQuestion(message)) return;
        void text().then((told) => process.connected && process.send?.(metersAnswer(message, told)));
      });
    },
    leave() {
      gone = () => {};
      if (process.connected) process.disconnect();
    },
  };
}

async function migrate(env: Environment, { json }: { json: boolean }): Promise<void> {
  const config = loadConfig(env, { role: 'migrate' });
  const log = createLog({ level: config.logLevel, base: { role: 'migrate' }, destination: 2 });
  try {
    await runMigrate(config, log);
  } catch (error) {
    throw error instanceof NewerSchemaError ? new CannotStart(error.message) : databaseFailure(error);
  }
  if (json) await printJson({ migrated: true, queue: config.redisUrl === null ? 'postgres' : 'redis' });
}

async function demo(env: Environment, { once }: { once: boolean }): Promise<void> {
  const allowed = [env.ERRAND_EGRESS_ALLOW, '127.0.0.1'].filter(Boolean).join(',');
  const demoEnv = { LOG_LEVEL: 'warn', ...env, ERRAND_EGRESS_ALLOW: allowed };
  const config = loadConfig(demoEnv, { role: 'demo' });
  const log = createLog({ level: config.logLevel, base: { role: 'demo' } });
  const say = (line: string) => process.stdout.write(`${line}\n`);
  say('Starting Errand: API, workers for both lanes, and whatever is not configured, embedded…');
  const [{ runUp }, { createHttpClient }, { runDemo }] = await Promise.all([
    import('../app/up.ts'),
    import('../client/http.ts'),
    import('./demo.ts'),
  ]);
  const code = runUp(config, demoEnv, log, {
    whenReady: async ({ url, adminKey }, finish) => {
      const { endpoint } = await runDemo(createHttpClient({ url, apiKey: adminKey }), say);
      if (once) finish();
      else {
        say(`The console is at ${url}`);
        say(`The API listens on ${url}; its description is ${url}/openapi.json`);
        say(`The admin key is in ${config.dataDir}/admin-key. Ctrl-C ends it all.`);
      }
      return { stop: endpoint.close };
    },
  });
  await endWith(code);
}
