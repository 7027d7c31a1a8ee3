import { z } from 'zod';
import { parseEgressAllow } from '../contract/egress.ts';
import { clusterProblem, redisNodes } from '../contract/redis-nodes.ts';
import { parseSecretKeys } from '../contract/secret-keys.ts';
import { parseEgressIps, parseOrigins, parsePublicUrl } from './variable-lists.ts';

/** What a documented variable says about itself besides its zod schema; `fallback` is how the docs print the default. */
type About = { description: string; fallback: string };

function about<Schema extends z.ZodType>(schema: Schema, { description, fallback }: About): Schema {
  return schema.meta({ description, fallback });
}

/** Unset is `null`: consumers then write what happens without it. */
function optional<Output>(schema: z.ZodType<Output, string>) {
  return schema.optional().transform((value) => value ?? null);
}

function wholeNumber(least: number, most: number, byDefault: number) {
  return z.string().default(String(byDefault)).transform(toNumber(least, most));
}

function toNumber(least: number, most: number) {
  const range = `a whole number from ${least} to ${most}`;
  return (text: string, context: z.RefinementCtx): number => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    context.addIssue({ code: 'custom', message: `must be ${range}, not "${text}"` });
    return z.NEVER;
  };
}

/** What is wrong with a URL, whose text is never repeated: it may hold a password. */
function urlProblem(text: string, protocols: readonly string[], example: string): string | null {
  const parsed = URL.parse(text);
  const expected = protocols.map((protocol) => `${protocol}//`).join(' or ');
  if (parsed === null) return `must be a URL such as ${example}; special characters in a password are percent-encoded`;
  return protocols.includes(parsed.protocol) ? null : `must begin with ${expected}, not "${parsed.protocol}"`;
}

/** @param problemOf says what is wrong with it; `null`: nothing */
function text(problemOf: (text: string) => string | null) {
  return z.string().superRefine((value, context) => {
    const message = problemOf(value);
    if (message !== null) context.addIssue({ code: 'custom', message });
  });
}

const url = (protocols: readonly string[], example: string) => text((value) => urlProblem(value, protocols, example));

const databaseUrl = url(['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/errand');

const redisUrl = text((value) => {
  const problems = redisNodes(value).map((node) =>
    urlProblem(node, ['redis:', 'rediss:'], 'redis://:password@host:6379/0'),
  );
  return problems.find((problem) => problem !== null) ?? clusterProblem(value);
});

const secretKeys = z.string().transform((text, context) => {
  const parsed = parseSecretKeys(text);
  if (parsed.ok) return parsed.keys;
  for (const message of parsed.problems) context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

/** @param parse throws an Error that says what is wrong */
function parsed<Output>(parse: (text: string) => Output) {
  return z.string().transform((text, context) => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      return z.NEVER;
    }
  });
}

const flag = z
  .string()
  .default('0')
  .transform((text, context) => {
    if (text === '1' || text === '0') return text === '1';
    context.addIssue({ code: 'custom', message: `must be 1 or 0, not "${text}"` });
    return z.NEVER;
  });

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const logLevel = z.enum(logLevels, {
  error: ({ input }) => `must be one of ${logLevels.join(', ')}, not "${String(input)}"`,
});

const queuePrefix = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,50}$/, 'must be 1 to 50 letters, digits, "_" or "-"')
  .default('errand');

/**
 * Requests in flight per worker process and lane. Provisional, to be replaced by what bench/ finds best: more keeps a
 * worker busy behind slow endpoints, less bounds memory and the connections that an endpoint sees.
 */
const defaultConcurrency = 64;

/**
 * Every variable that Errand reads (contract §2): its type, default, message and page of the docs. Values arrive
 * trimmed; an empty one counts as unset.
 */
export const variablesSchema = z.object({
  DATABASE_URL: about(optional(databaseUrl), {
    description: 'PostgreSQL 14 or newer.',
    fallback: 'embedded (only `up`, `demo`)',
  }),
  DATABASE_DIRECT_URL: about(optional(databaseUrl), {
    description:
      'The same database past the pooler, where `DATABASE_URL` leads through [PgBouncer in transaction mode](scaling.md#pgbouncer): for the leader, notifications, heartbeats, migrations and queues in PostgreSQL.',
    fallback: 'the value of `DATABASE_URL`',
  }),
  REDIS_URL: about(optional(redisUrl), {
    description:
      'Redis 6.2+ or Valkey (`redis://`, `rediss://`), with `maxmemory-policy noeviction`. Several nodes, comma-separated: a [cluster](scaling.md#redis).',
    fallback: 'none: queues live in PostgreSQL',
  }),
  HOST: about(z.string().default('127.0.0.1'), {
    description:
      'Address on which the API, the console and Bull Board listen. For a worker: where they do, since no command may call them.',
    fallback: '`127.0.0.1`',
  }),
  PORT: about(wholeNumber(0, 65_535, 3_000), {
    description: 'Port on which they listen; `0` picks a free one (and a worker of its own cannot know it).',
    fallback: '`3000`',
  }),
  LOG_LEVEL: about(logLevel.default('info'), {
    description: `One of ${logLevels.map((level) => `\`${level}\``).join(', ')}. One JSON line per event, pretty on a terminal.`,
    fallback: '`info`',
  }),
  ERRAND_DATA_DIR: about(z.string().default('.errand'), {
    description: 'Directory of the embedded data, the generated admin key and secret keys (files 0600).',
    fallback: '`.errand`',
  }),
  ERRAND_ADMIN_KEY: about(optional(z.string().min(32, 'must hold at least 32 characters')), {
    description:
      'Bootstrap admin API key, any string of 32 characters or more. `api` refuses to start without one or an existing admin.',
    fallback: 'generated into the data directory by `up`, `demo`',
  }),
  ERRAND_SECRET_KEYS: about(optional(secretKeys), {
    description: '`id:base64(32 bytes)[,id:…]`: the first encrypts, all decrypt.',
    fallback: 'generated into the data directory by `up`, `demo`',
  }),
  ERRAND_EGRESS_ALLOW: about(parsed(parseEgressAllow).prefault(''), {
    description:
      'Comma-separated CIDRs, IPs or host names that requests may reach although they are private or reserved, e.g. `127.0.0.1,10.20.0.0/16`.',
    fallback: 'none',
  }),
  ERRAND_EGRESS_IPS: about(parsed(parseEgressIps).prefault(''), {
    description:
      'Comma-separated IPs or CIDRs that requests come from, as customers see them: shown in the console, and named where a server cannot be reached, so that customers know whom their firewall has to let in. Changes nothing about where requests do come from.',
    fallback: 'none: not known',
  }),
  ERRAND_PUBLIC_URL: about(optional(parsed(parsePublicUrl)), {
    description:
      "Where people's browsers reach the API and the console, e.g. `https://errand.example.com`: what the addresses of portal sessions begin with.",
    fallback: 'the `Host` of the request, over https if `X-Forwarded-Proto` says so',
  }),
  ERRAND_PORTAL_ORIGINS: about(parsed(parseOrigins).prefault(''), {
    description:
      'Comma-separated origins of pages that may show the portal in a frame, e.g. `https://billing.example.com`.',
    fallback: 'none: it cannot be framed',
  }),
  ERRAND_CONCURRENCY_INTERACTIVE: about(wholeNumber(1, 10_000, defaultConcurrency), {
    description: 'Interactive requests in flight per worker process.',
    fallback: `\`${defaultConcurrency}\``,
  }),
  ERRAND_CONCURRENCY_BATCH: about(wholeNumber(1, 10_000, defaultConcurrency), {
    description: 'Batch requests in flight per worker process.',
    fallback: `\`${defaultConcurrency}\``,
  }),
  ERRAND_QUEUE_PREFIX: about(queuePrefix, {
    description:
      'First part of the BullMQ queue names: `errand-interactive`, `errand-batch`. The same for every process and for producers that use BullMQ themselves.',
    fallback: '`errand`',
  }),
  ERRAND_RETENTION_DAYS: about(wholeNumber(1, 36_500, 90), {
    description: 'Days that ended invocations and their attempts are kept.',
    fallback: '`90`',
  }),
  ERRAND_RETENTION_BYTES_DAYS: about(wholeNumber(1, 36_500, 30), {
    description: 'Days that result bytes are kept; the newest good one per command and tokens stays.',
    fallback: '`30`',
  }),
  ERRAND_RETENTION_AUDIT_DAYS: about(wholeNumber(1, 36_500, 2_555), {
    description:
      'Days that audit entries of people and configuration are kept; those of executions go with the invocation.',
    fallback: '`2555` (7 years)',
  }),
  ERRAND_METRICS_PUBLIC: about(flag, {
    description: '`1`: `/metrics` needs no key.',
    fallback: '`0`',
  }),
  ERRAND_METRICS_PORT: about(optional(z.string().transform(toNumber(0, 65_535))), {
    description:
      "Port on which `errand worker` serves `/metrics` of its own, and `/healthz`; `0` picks a free one. `errand up` needs none: its API's `/metrics` has its workers' meters, too.",
    fallback: 'none: a worker does not listen',
  }),
  ERRAND_METRICS_HOST: about(z.string().default('127.0.0.1'), {
    description: 'Address on which it does; the image has `0.0.0.0`.',
    fallback: '`127.0.0.1`',
  }),
  ERRAND_URL: about(url(['http:', 'https:'], 'http://127.0.0.1:3000').default('http://127.0.0.1:3000'), {
    description: 'The API that `errand invoke`, `batch`, `apply`, `export` and `audit` talk to.',
    fallback: '`http://127.0.0.1:3000`',
  }),
  ERRAND_API_KEY: about(optional(z.string()), {
    description: 'The API key that they use.',
    fallback: 'the admin key in the data directory',
  }),
});

export type Variables = z.infer<typeof variablesSchema>;
export const variableNames = Object.keys(variablesSchema.shape);
