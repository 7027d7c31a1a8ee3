/** Of whom a meter speaks: what serves the API, what works, either, or what the database has for all of them. */
export type MeterOf = 'api' | 'worker' | 'process' | 'database';

export type MeterDefinition = {
  kind: 'counter' | 'gauge' | 'histogram';
  of: MeterOf;
  help: string;
  labels: readonly string[];
  /** Upper bounds of a histogram's buckets, in its unit. */
  buckets?: readonly number[];
};

const exchangeSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60, 120];
const quickSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];

/**
 * Every meter of Errand's own: `docs/metrics.md` is made from it, and the dashboard and the alerts may name no other.
 * Base units, counters end in `_total`.
 */
export const catalogue = {
  errand_attempts_total: {
    kind: 'counter',
    of: 'worker',
    help: 'Attempts recorded. code is "none" for one that succeeded; integration is one of the first 200 that the process met, or "other".',
    labels: ['lane', 'integration', 'outcome', 'code'],
  },
  errand_attempt_duration_seconds: {
    kind: 'histogram',
    of: 'worker',
    help: 'How long attempts took whose request was sent, from the claim to the verdict.',
    labels: ['lane'],
    buckets: exchangeSeconds,
  },
  errand_invocations_ended_total: {
    kind: 'counter',
    of: 'worker',
    help: 'Invocations that ended by an attempt or, in a batch, because their time was over. code is "none" for success.',
    labels: ['lane', 'status', 'code'],
  },
  errand_response_bytes_total: {
    kind: 'counter',
    of: 'worker',
    help: 'Bytes of answers, decoded.',
    labels: ['lane'],
  },
  errand_exchanges_in_flight: {
    kind: 'gauge',
    of: 'worker',
    help: 'Attempts in hand now, those of slow endpoints too.',
    labels: ['lane'],
  },
  errand_concurrency_limit: {
    kind: 'gauge',
    of: 'worker',
    help: 'Requests that the process may have in flight.',
    labels: ['lane'],
  },
  errand_waits_total: {
    kind: 'counter',
    of: 'worker',
    help: 'Times that work had to wait for its integration: for a "slot" (limits.concurrency) or a "permit" (limits.rates).',
    labels: ['lane', 'for'],
  },
  errand_commit_rows: {
    kind: 'histogram',
    of: 'worker',
    help: 'Attempts that shared one commit.',
    labels: ['lane'],
    buckets: [1, 2, 5, 10, 25, 50, 100, 250],
  },
  errand_commit_duration_seconds: {
    kind: 'histogram',
    of: 'worker',
    help: 'How long a group commit took, its repetitions included.',
    labels: ['lane'],
    buckets: quickSeconds,
  },
  errand_holds_total: {
    kind: 'counter',
    of: 'worker',
    help: 'Times that Errand held an integration or released one.',
    labels: ['turn'],
  },
  errand_leader: {
    kind: 'gauge',
    of: 'worker',
    help: '1 while the process leads. Of all processes one does.',
    labels: [],
  },
  errand_sweep_found_total: {
    kind: 'counter',
    of: 'worker',
    help: 'What the leader found left: "freed" from workers that fell silent, "lost" jobs, "rung" rows that were due.',
    labels: ['kind'],
  },
  errand_invocations_accepted_total: {
    kind: 'counter',
    of: 'process',
    help: 'Invocations accepted, by where they came from: http, bullmq, batch or schedule.',
    labels: ['source', 'lane'],
  },
  errand_pool_connections: {
    kind: 'gauge',
    of: 'process',
    help: 'Connections to PostgreSQL by pool: open and busy or idle, and callers that wait for one.',
    labels: ['pool', 'state'],
  },
  errand_build_info: {
    kind: 'gauge',
    of: 'process',
    help: 'Always 1: which version runs.',
    labels: ['version', 'node'],
  },
  errand_http_requests_total: {
    kind: 'counter',
    of: 'api',
    help: 'Requests answered. route is its pattern, "none" where there is none.',
    labels: ['method', 'route', 'status'],
  },
  errand_http_request_duration_seconds: {
    kind: 'histogram',
    of: 'api',
    help: 'How long requests took. Those with Prefer: wait take as long as the invocation does.',
    labels: ['method', 'route'],
    buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30, 60],
  },
  errand_database_up: {
    kind: 'gauge',
    of: 'database',
    help: '1 if the database could be asked for the meters below, 0 if not; they are absent then.',
    labels: [],
  },
  errand_invocations_open: {
    kind: 'gauge',
    of: 'database',
    help: 'Invocations not ended: "waiting" (due, for a worker), "running", or "retrying" (for their time, or held).',
    labels: ['lane', 'state'],
  },
  errand_oldest_waiting_seconds: {
    kind: 'gauge',
    of: 'database',
    help: 'For how long the oldest invocation that is due has waited for a worker; what is held does not count.',
    labels: ['lane'],
  },
  errand_queue_jobs: {
    kind: 'gauge',
    of: 'database',
    help: 'Jobs in the queue that no worker has taken. It stays small: a batch has a few ranges in it at a time.',
    labels: ['lane'],
  },
  errand_workers: {
    kind: 'gauge',
    of: 'database',
    help: 'Workers whose heart beats.',
    labels: ['lane'],
  },
  errand_integrations_holding: {
    kind: 'gauge',
    of: 'database',
    help: 'Integrations whose work waits: paused by a person, or held by Errand, by the code of its last failure.',
    labels: ['reason'],
  },
  errand_batches_open: {
    kind: 'gauge',
    of: 'database',
    help: 'Batches that have not ended.',
    labels: ['status'],
  },
  errand_schedules_overdue: {
    kind: 'gauge',
    of: 'database',
    help: 'Schedules that should have started over a minute ago.',
    labels: [],
  },
} as const satisfies Record<string, MeterDefinition>;

export type MeterName = keyof typeof catalogue;
export const meterNames = Object.keys(catalogue) as readonly MeterName[];
