import path from 'node:path';
import { closest, distance } from 'fastest-levenshtein';
import type { EgressAllowList } from '../contract/egress.ts';
import type { SecretKey } from '../contract/secret-keys.ts';
import { isProxyVariable, proxyProblem } from './proxy.ts';
import { type LogLevel, type Variables, variableNames, variablesSchema } from './variables.ts';

/** What is started; `client` is for the commands that talk to the HTTP API. */
export type Role = 'up' | 'demo' | 'api' | 'worker' | 'migrate' | 'keys' | 'client';

export type Environment = Readonly<Record<string, string | undefined>>;

export type Config = Readonly<{
  /** `null`: the embedded PostgreSQL in `dataDir` (never for `api`, `worker` and `migrate`). */
  databaseUrl: string | null;
  /** For what belongs to a session; another than `databaseUrl` where that leads through a pooler in transaction mode. */
  directUrl: string | null;
  /** `null`: BullMQ runs on PostgreSQL. */
  redisUrl: string | null;
  host: string;
  /** 0 picks a free one. */
  port: number;
  logLevel: LogLevel;
  /** Absolute. */
  dataDir: string;
  adminKey: string | null;
  /** The first encrypts. Empty: those generated in `dataDir` (never for `api` and `worker`). */
  secretKeys: readonly SecretKey[];
  egressAllow: EgressAllowList;
  /** Addresses and ranges that requests come from, as it is said to people. */
  egressIps: readonly string[];
  /** Without a slash at its end; `null`: as whoever asks has it. */
  publicUrl: string | null;
  /** Origins of pages that may frame the portal. */
  portalOrigins: readonly string[];
  concurrency: Readonly<{ interactive: number; batch: number }>;
  queuePrefix: string;
  retention: Readonly<{ days: number; bytesDays: number; auditDays: number }>;
  metricsPublic: boolean;
  /** Where a worker of its own serves its meters; `null`: nowhere. */
  metricsPort: number | null;
  metricsHost: string;
  client: Readonly<{ url: string; apiKey: string | null }>;
}>;

export type ConfigProblem = { variable: string; message: string };

/** `sysexits.h`: EX_CONFIG. */
export const configExitCode = 78;

/** Every problem of the configuration at once; `message` is fit for stderr, one line each. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(({ variable, message }) => `${variable}: ${message}`).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** The environment of this process, for main: nothing else reads it. */
export function processEnvironment(): Environment {
  return process.env;
}

/** What a role cannot start without. `up` and `demo` make what is missing; the others would each make their own. */
const required: Record<Role, readonly (keyof Variables)[]> = {
  up: [],
  demo: [],
  api: ['DATABASE_URL', 'ERRAND_SECRET_KEYS'],
  worker: ['DATABASE_URL', 'ERRAND_SECRET_KEYS'],
  migrate: ['DATABASE_URL'],
  keys: [],
  client: [],
};

/** What sends customers' requests, and so through the proxy that the environment names. */
const sending: ReadonlySet<Role> = new Set<Role>(['up', 'demo', 'api', 'worker']);

/**
 * Checks the environment and freezes what it says.
 *
 * @throws ConfigError with every problem: bad values, what the role needs and is not set, unknown `ERRAND_*` names.
 */
export function loadConfig(env: Environment, needs: { role: Role }): Config {
  const set = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => {
      const trimmed = value?.trim() ?? '';
      return trimmed === '' ? [] : [[name, trimmed] as const];
    }),
  );
  const parsed = variablesSchema.safeParse(set);
  const problems = [
    ...(parsed.error?.issues ?? []).map(({ path: [variable], message }) => ({ variable: String(variable), message })),
    ...missing(set, needs.role),
    ...useless(set),
    ...(sending.has(needs.role) ? unusableProxies(env) : []),
    ...unknown(set),
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return toConfig(parsed.data);
}

function missing(set: Environment, role: Role): ConfigProblem[] {
  return required[role]
    .filter((variable) => set[variable] === undefined)
    .map((variable) => ({
      variable,
      message: `must be set for \`errand ${role}\` (only \`errand up\` makes its own)`,
    }));
}

function useless(set: Environment): ConfigProblem[] {
  if (set.DATABASE_DIRECT_URL === undefined || set.DATABASE_URL !== undefined) return [];
  return [{ variable: 'DATABASE_DIRECT_URL', message: 'goes with DATABASE_URL, which is not set' }];
}

/** As they are, not trimmed: who looks for a proxy later takes even a blank one for set. */
function unusableProxies(env: Environment): ConfigProblem[] {
  return Object.entries(env).flatMap(([variable, value = '']) => {
    const message = value === '' || !isProxyVariable(variable) ? null : proxyProblem(value);
    return message === null ? [] : [{ variable, message }];
  });
}

/** Does `databaseUrl` lead through a pooler in transaction mode? Then `DATABASE_DIRECT_URL` says what leads past it. */
export const isPooled = (config: Pick<Config, 'databaseUrl' | 'directUrl'>): boolean =>
  config.databaseUrl !== config.directUrl;

/** A misspelt variable would be a setting that silently does nothing. `ERRAND_TEST_*` belongs to the test suite. */
function unknown(set: Environment): ConfigProblem[] {
  return Object.keys(set)
    .filter((name) => name.startsWith('ERRAND_') && !name.startsWith('ERRAND_TEST_') && !variableNames.includes(name))
    .map((variable) => {
      const near = closest(variable, variableNames);
      const hint = distance(variable, near) <= 6 ? ` Did you mean ${near}?` : ' See docs/configuration.md.';
      return { variable, message: `is not a variable of Errand.${hint}` };
    });
}

function toConfig(variables: Variables): Config {
  return Object.freeze({
    databaseUrl: variables.DATABASE_URL,
    directUrl: variables.DATABASE_DIRECT_URL ?? variables.DATABASE_URL,
    redisUrl: variables.REDIS_URL,
    host: variables.HOST,
    port: variables.PORT,
    logLevel: variables.LOG_LEVEL,
    dataDir: path.resolve(variables.ERRAND_DATA_DIR),
    adminKey: variables.ERRAND_ADMIN_KEY,
    secretKeys: Object.freeze([...(variables.ERRAND_SECRET_KEYS ?? [])]),
    egressAllow: variables.ERRAND_EGRESS_ALLOW,
    egressIps: Object.freeze(variables.ERRAND_EGRESS_IPS),
    publicUrl: variables.ERRAND_PUBLIC_URL,
    portalOrigins: Object.freeze(variables.ERRAND_PORTAL_ORIGINS),
    concurrency: Object.freeze({
      interactive: variables.ERRAND_CONCURRENCY_INTERACTIVE,
      batch: variables.ERRAND_CONCURRENCY_BATCH,
    }),
    queuePrefix: variables.ERRAND_QUEUE_PREFIX,
    retention: Object.freeze({
      days: variables.ERRAND_RETENTION_DAYS,
      bytesDays: variables.ERRAND_RETENTION_BYTES_DAYS,
      auditDays: variables.ERRAND_RETENTION_AUDIT_DAYS,
    }),
    metricsPublic: variables.ERRAND_METRICS_PUBLIC,
    metricsPort: variables.ERRAND_METRICS_PORT,
    metricsHost: variables.ERRAND_METRICS_HOST,
    client: Object.freeze({ url: variables.ERRAND_URL, apiKey: variables.ERRAND_API_KEY }),
  });
}
