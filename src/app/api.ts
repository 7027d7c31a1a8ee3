import { uuidv7 } from 'uuidv7';
import { type Access, createAccess } from '../access/access.ts';
import { createPortal } from '../access/portal.ts';
import { createSessions } from '../access/session.ts';
import { createApi } from '../api/api.ts';
import { createThrottle } from '../api/session-throttle.ts';
import type { StoredResults } from '../api/stored-results.ts';
import { createAudit } from '../audit/list.ts';
import { Refusal } from '../contract/problem.ts';
import { createPastCommands, type PastCommands } from '../integrations/past-commands.ts';
import { createIntegrations } from '../integrations/use-cases.ts';
import { createLatest } from '../invocations/latest.ts';
import { createPastRequests, type PastRequests } from '../invocations/past-request.ts';
import { createProblems } from '../invocations/problems.ts';
import { createReader } from '../invocations/read.ts';
import { createWaiter } from '../invocations/wait.ts';
import { type BoardQueues, openBoardQueues } from '../lanes/board-queues.ts';
import type { Log } from '../platform/log.ts';
import { createRedactor } from '../platform/redaction.ts';
import { createSchedules } from '../schedules/use-cases.ts';
import type { Sender } from '../sending/sender.ts';
import { createKeyStore } from '../store/api-keys.ts';
import { createAuditStore, insertAudit } from '../store/audit.ts';
import { readBlob } from '../store/blobs.ts';
import { loadConfiguration, loadPast } from '../store/configuration.ts';
import { createIntegrationStore } from '../store/configuring.ts';
import { decodeCursor, encodeCursor } from '../store/cursor.ts';
import { attemptsOf, findInvocation, pageInvocations } from '../store/invocation-pages.ts';
import { statusesOf } from '../store/invocations.ts';
import { findLatest } from '../store/latest-results.ts';
import { createPortalStore } from '../store/portal-sessions.ts';
import { createProblemStore } from '../store/problem-groups.ts';
import { createScheduleStore } from '../store/schedules.ts';
import { type OtherMeters, openApiMeters } from './api-meters.ts';
import { openVerifyAudit } from './audit.ts';
import { openBatches } from './batches.ts';
import { CannotStart } from './cannot-start.ts';
import { consoleFolder, openConsole } from './console-files.ts';
import { type Core, openCore, type ProcessPorts, type ReadyConfig } from './core.ts';
import { openDryRun } from './dry-run.ts';
import { listenFailure } from './listening.ts';
import { openCallbackOf, openNotifications } from './notifications.ts';
import { ownApi, ownServices, portOf } from './own-services.ts';
import { readinessOf } from './readiness.ts';
import { openSend, openSender } from './sending.ts';
import { openStatistics } from './statistics.ts';
import { openSteering } from './steering.ts';
import { unsealerOf } from './unseal-tokens.ts';
import { userAgent, version } from './version.ts';

/** Bodies of tests in flight, all together: beyond it one after the other is read, however many people test. */
const maxBufferedBytes = 64 * 1024 * 1024;
/** Rows rung for at once when an integration is resumed; the workers ring for the next, and the sweep does. */
const ringOnResume = 25;

export type RunningApi = {
  url: string;
  /** To be asked when the database is there. @throws CannotStart if nobody could use the API. */
  requireAdmin(): Promise<void>;
  stop(): Promise<void>;
};

/** `others`: the meters of the processes beside it. */
export type ApiPorts = ProcessPorts & { others?: OtherMeters };

/**
 * The HTTP API. It listens at once, also while the database is away: `/readyz` says so then.
 *
 * @throws CannotStart if it cannot listen.
 */
export async function startApi(
  config: ReadyConfig,
  log: Log,
  { others = async () => [], ...ports }: ApiPorts = {},
): Promise<RunningApi> {
  const core = openCore(config, log, 'api', ports);
  // For tests of commands; and it looks where a preview's request would lead.
  const own = ownServices(config);
  const { egressIps, publicUrl } = config;
  const sender = openSender(config, own, maxBufferedBytes);
  const access = createAccess({
    store: createKeyStore(core.pool),
    adminKey: config.adminKey,
    now: Date.now,
    newId: () => uuidv7(),
  });
  const waiter = createWaiter({
    onEnded: core.queues.onEnded,
    statusesOf: (ids) => statusesOf(core.pool, ids),
    log,
  });
  const pastRequests = openPastRequests(core, openPastCommands(core));
  const integrations = openIntegrations(core, sender);
  const boardQueues = openBoardQueues(core.connection, { prefix: config.queuePrefix, log });
  const api = createApi({
    access,
    sessions: createSessions({ access, sealer: core.sealer, now: Date.now }),
    portal: createPortal({
      store: createPortalStore(core.pool),
      access,
      sealer: core.sealer,
      newId: () => uuidv7(),
    }),
    egressIps,
    publicUrl,
    throttle: createThrottle(),
    board: { openQueues: () => orUnavailable(boardQueues) },
    console: { folder: consoleFolder, ready: openConsole(log), portalOrigins: config.portalOrigins },
    audit: createAudit({ store: createAuditStore(core.pool) }),
    verifyAudit: openVerifyAudit({ pool: core.pool, secretKeys: config.secretKeys }),
    integrations,
    dryRun: openDryRun(core, integrations),
    schedules: openSchedules(core),
    invocations: {
      ...openReader(core, pastRequests),
      ...openSteering(core),
      enqueue: (principal, body) => core.enqueue(principal, body),
      waitForEnd: waiter.waitForEnd,
    },
    problems: createProblems({
      store: createProblemStore(core.pool),
      redactorOf: redactorsOf(core),
      now: Date.now,
    }),
    batches: openBatches(core, pastRequests),
    results: openResults(core),
    statistics: openStatistics(core),
    notifications: openNotifications(core, sender),
    readiness: readinessOf(core),
    metrics: openApiMeters(core, others),
    log,
    version,
  });
  const stop = async () => {
    waiter.stop();
    await api.close();
    await sender.close();
    await boardQueues.close();
    await core.close();
  };
  try {
    const url = await listen(api, config);
    own.push(...ownApi({ host: config.host, port: portOf(url) }));
    return { url, requireAdmin: () => requireAdmin(config, access), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Without an admin nobody could ever configure anything. */
async function requireAdmin({ adminKey }: ReadyConfig, access: Access): Promise<void> {
  if (adminKey !== null || (await access.hasAdmin())) return;
  throw new CannotStart(
    'ERRAND_ADMIN_KEY: must be set, because there is no admin key yet (or make one: errand keys create --role admin)',
  );
}

async function orUnavailable(boardQueues: BoardQueues) {
  try {
    return await boardQueues.open();
  } catch (cause) {
    const detail = 'The queue cannot be reached. Nothing accepted is lost; try again in a few seconds.';
    throw new Refusal('unavailable', detail, [], { cause });
  }
}

async function listen(api: ReturnType<typeof createApi>, config: ReadyConfig): Promise<string> {
  const { host, port } = config;
  try {
    return await api.listen({ host, port });
  } catch (error) {
    throw listenFailure(error, config);
  }
}

function openIntegrations(core: Core, sender: Sender) {
  return createIntegrations({
    store: createIntegrationStore(core.pool, async (integration) => {
      try {
        // One at a time: the probe goes to whoever claims first.
        const rung = await core.ringer.probe(integration);
        if (rung === 0) await Promise.all([core.batchRinger.ranges(null), core.batchRinger.sweeps(null)]);
      } catch (error) {
        core.log.warn('probe.not-rung', { integration, error }, 'The sweep will ring for a probe');
      }
    }),
    sealer: core.sealer,
    createRedactor,
    checkEgress: (url) => sender.checkEgress(url),
    cursors: { encode: encodeCursor, decode: decodeCursor },
    onResumed: async (integration) => {
      await core.ringer.dueOf(integration, 'batch', ringOnResume).catch((error) => {
        core.log.warn('resume.not-rung', { integration, error }, 'The sweep will ring for what waited');
      });
    },
    send: openSend(sender),
    audit: (record) => insertAudit(core.pool, record),
    newId: () => uuidv7(),
    userAgent,
    now: Date.now,
  });
}

function openSchedules({ pool, sealer }: Core) {
  return createSchedules({
    store: createScheduleStore(pool),
    loadIntegration: (id) => loadConfiguration(pool, id),
    sealer,
    createRedactor,
    cursors: { encode: encodeCursor, decode: decodeCursor },
    newId: () => uuidv7(),
    now: Date.now,
  });
}

function openResults({ pool, configurations, sealer }: Core): StoredResults {
  const latest = createLatest({
    configurations,
    sealer,
    store: {
      // Not gathered: asked for by those who want the stored result, once each, in place of an exchange.
      find: (integration, command, fingerprints) => findLatest(pool, integration, command, fingerprints),
      blob: (sha256) => readBlob(pool, sha256),
    },
  });
  return {
    ...latest,
    // Not while a probe is due: clicks may be all that comes to see whether its endpoint is well again.
    isHeld: configurations.waits,
  };
}

function openPastCommands({ pool, onForget }: Core): PastCommands {
  const pastCommands = createPastCommands({ load: (...of) => loadPast(pool, ...of) });
  // Only a change of command types, told as a change of everything, alters what was.
  onForget((integration) => integration === undefined && pastCommands.forget());
  return pastCommands;
}

function openReader(core: Core, pastRequests: PastRequests) {
  const { pool } = core;
  return createReader({
    store: {
      find: (id) => findInvocation(pool, id),
      page: (accounts, filter, page) => pageInvocations(pool, accounts, filter, page),
      attemptsOf: (ids) => attemptsOf(pool, ids),
      blob: (sha256) => readBlob(pool, sha256),
    },
    pastRequests,
    callbackOf: openCallbackOf(pool),
  });
}

function redactorsOf({ configurations }: Core) {
  return async (integration: string) => (await configurations.get(integration))?.redact ?? ((text: string) => text);
}

function openPastRequests(core: Core, pastCommands: PastCommands): PastRequests {
  return createPastRequests({
    pastCommands,
    unsealTokens: unsealerOf(core),
    redactorOf: redactorsOf(core),
    createRedactor,
    userAgent,
  });
}
