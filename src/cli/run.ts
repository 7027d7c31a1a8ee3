import { v7 as uuidv7 } from 'uuid';
import { createAccess } from '../access/access.ts';
import { type Parent, runApi, runMigrate, runWorker } from '../app/roles.ts';
import { runUp } from '../app/up.ts';
import { system } from '../audit/entry.ts';
import { ApiError, ApiUnreachable, createHttpClient } from '../client/http.ts';
import type { KeyAccounts, Role as KeyRole } from '../contract/api-key.ts';
import { Refusal } from '../contract/problem.ts';
import { type Config, type Environment, loadConfig, type Role } from '../platform/config.ts';
import { readAdminKey } from '../platform/data-dir.ts';
import { runningEmbeddedPostgres } from '../platform/embedded-postgres.ts';
import { createLog, type Log } from '../platform/log.ts';
import { openPool } from '../platform/pg.ts';
import { createKeyStore } from '../store/api-keys.ts';
import { runDemo } from './demo.ts';
import { CliFailure, exitCodes } from './failure.ts';
import { type InvokeOptions, invoke } from './invoke.ts';
import type { Verbs } from './verbs.ts';

/** Joins the command line to what it runs. */
export function createVerbs(env: Environment): Verbs {
  const start = (role: Role): { config: Config; log: Log } => {
    const config = loadConfig(env, { role });
    return { config, log: createLog({ level: config.logLevel, base: { role } }) };
  };
  const end = async (code: Promise<number>) => {
    process.exitCode = await code;
  };

  return {
    async up() {
      const { config, log } = start('up');
      await end(runUp(config, env, log));
    },
    async api() {
      const { config, log } = start('api');
      await end(runApi(config, log));
    },
    async worker(lane) {
      const { config, log } = start('worker');
      await end(runWorker(config, lane, log, parentProcess()));
    },
    async migrate() {
      const { config, log } = start('migrate');
      await runMigrate(config, log);
    },
    demo: (options) => demo(env, options),
    invoke: (...call) => runInvoke(loadConfig(env, { role: 'client' }), ...call),
    keys: keyVerbs(env),
  };
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
    },
    leave() {
      gone = () => {};
      if (process.connected) process.disconnect();
    },
  };
}

async function demo(env: Environment, { once }: { once: boolean }): Promise<void> {
  const allowed = [env.ERRAND_EGRESS_ALLOW, '127.0.0.1'].filter(Boolean).join(',');
  const demoEnv = { LOG_LEVEL: 'warn', ...env, ERRAND_EGRESS_ALLOW: allowed };
  const config = loadConfig(demoEnv, { role: 'demo' });
  const log = createLog({ level: config.logLevel, base: { role: 'demo' } });
  const say = (line: string) => process.stdout.write(`${line}\n`);
  say('Starting Errand: API, workers for both lanes, and whatever is not configured, embedded…');
  process.exitCode = await runUp(config, demoEnv, log, {
    whenReady: async ({ url, adminKey }, finish) => {
      const { endpoint } = await runDemo(createHttpClient({ url, apiKey: adminKey }), say);
      if (once) finish();
      else {
        say(`The API listens on ${url}; its description is ${url}/openapi.json`);
        say(`The admin key is in ${config.dataDir}/admin-key. Ctrl-C ends it all.`);
      }
      return { stop: endpoint.close };
    },
  });
}

async function runInvoke(
  config: Config,
  integration: string,
  command: string,
  tokens: Record<string, string>,
  options: InvokeOptions,
): Promise<void> {
  const apiKey = config.client.apiKey ?? (await readAdminKey(config.dataDir));
  if (apiKey === null) {
    const message = `no API key: set ERRAND_API_KEY, or run it where ERRAND_DATA_DIR (${config.dataDir}) has the admin key.`;
    throw new CliFailure(exitCodes.usage, message);
  }
  try {
    await invoke({ url: config.client.url, apiKey }, integration, command, tokens, options);
  } catch (error) {
    if (error instanceof ApiError || error instanceof ApiUnreachable)
      throw new CliFailure(exitCodes.failed, error.message);
    throw error;
  }
}

function keyVerbs(env: Environment): Verbs['keys'] {
  async function withAccess<Answer>(
    work: (access: ReturnType<typeof createAccess>) => Promise<Answer>,
  ): Promise<Answer> {
    const config = loadConfig(env, { role: 'keys' });
    const log = createLog({ level: config.logLevel, base: { role: 'keys' }, destination: 2 });
    const url = config.databaseUrl ?? (await runningEmbeddedPostgres(config.dataDir));
    if (url === null) {
      const message = `no database: set DATABASE_URL, or start "errand up" on ${config.dataDir} first.`;
      throw new CliFailure(exitCodes.usage, message);
    }
    const pool = openPool({ url, max: 1, applicationName: 'errand-keys', log });
    try {
      return await work(
        createAccess({ store: createKeyStore(pool), adminKey: null, now: Date.now, newId: () => uuidv7() }),
      );
    } catch (error) {
      if (error instanceof Refusal) throw new CliFailure(exitCodes.failed, error.message);
      throw error;
    } finally {
      await pool.end();
    }
  }
  const everything: { actor: typeof system; accounts: KeyAccounts } = { actor: system, accounts: '*' };
  const print = (value: string) => process.stdout.write(`${value}\n`);

  return {
    async create(role: KeyRole, accounts, name) {
      const made = await withAccess((access) => access.create(everything, { role, accounts, name }));
      process.stderr.write(
        `Key ${made.id}, ${role}, for ${accounts === '*' ? 'all accounts' : accounts.join(', ')}. Shown once:\n`,
      );
      print(made.key);
    },
    async list() {
      await withAccess(async (access) => {
        let cursor: string | undefined;
        do {
          const page = await access.list(everything, { limit: 200, ...(cursor === undefined ? {} : { cursor }) });
          for (const { id, role, accounts, name, expiresAt, lastUsedAt, revokedAt } of page.items) {
            const state = revokedAt !== null ? `revoked ${revokedAt}` : `last used ${lastUsedAt ?? 'never'}`;
            const expiry = expiresAt === null ? '' : `  expires ${expiresAt}`;
            print(
              `${id}  ${role.padEnd(10)}  ${accounts === '*' ? '*' : accounts.join(',')}  ${state}${expiry}  ${name ?? ''}`,
            );
          }
          cursor = page.nextCursor ?? undefined;
        } while (cursor !== undefined);
      });
    },
    async revoke(id) {
      await withAccess((access) => access.revoke(everything, id));
      process.stderr.write(`Key ${id} is revoked.\n`);
    },
  };
}
