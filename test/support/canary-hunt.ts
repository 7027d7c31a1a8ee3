import { type Canary, databaseText, redisText, tracesOf } from './canary.ts';
import type { Deployment } from './deployment.ts';
import type { AvailableBackend } from './queues.ts';

/** What there is to read, besides lists. */
export type Readable = {
  /** The command of each integration. */
  commands: Readonly<Record<string, string>>;
  invocations: readonly string[];
  batch: string;
  /** What schedules, secrets and runs are asked for by name. */
  name: string;
};

/** Whatever Errand answers and prints, by where it was, so that canaries can be looked for in it. */
export type Hunt = {
  seen: ReadonlyMap<string, readonly string[]>;
  note(where: string, text: string): void;
  /** Calls the API as its admin. */
  api(
    where: string,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
    // biome-ignore lint/suspicious/noExplicitAny: whatever the route answers
  ): Promise<{ status: number; json: any }>;
  /** Every route that reads, as the API describes itself: a new one is read, too. */
  readEverything(readable: Readable): Promise<void>;
  readBoard(): Promise<void>;
  /** Database and Redis. */
  readStores(): Promise<void>;
  readLogs(): void;
  /** Where canaries were found, and in what. */
  found(canaries: readonly Canary[]): string[];
};

/** Routes that give out results, which are kept as they came. */
const results = ['/v1/integrations/{id}/commands/{command}/latest', '/v1/invocations/{id}/result'];

export function createHunt(errand: Deployment, backend: AvailableBackend): Hunt {
  const seen = new Map<string, string[]>();
  const note = (where: string, text: string) => void seen.set(where, [...(seen.get(where) ?? []), text]);

  const api: Hunt['api'] = async (where, method, path, body, headers = {}) => {
    const response = await fetch(`${errand.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${errand.adminKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    note(where, `${response.status} ${JSON.stringify([...response.headers])}\n${text}`);
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return { status: response.status, json: isJson ? JSON.parse(text) : null };
  };

  async function readRoute(path: string, { commands, invocations, batch, name }: Readable): Promise<void> {
    if (path.startsWith('/v1/invocations/{id}')) {
      for (const id of invocations) await api('invocations', 'GET', path.replace('{id}', id));
    } else if (path.startsWith('/v1/integrations/{id}')) {
      for (const [id, command] of Object.entries(commands)) {
        await api(
          'integrations',
          'GET',
          path.replace('{id}', id).replace('{command}', command).replace('{name}', name),
        );
      }
    } else {
      const where = path.startsWith('/v1/audit') ? 'audit' : path.startsWith('/v1/batches') ? 'batch' : 'lists';
      const filled = path.replace('{id}', batch).replace('{run}', name);
      await api(where, 'GET', filled);
      await api(where, 'GET', `${filled}?limit=200`);
    }
  }

  return {
    seen,
    note,
    api,
    async readEverything(readable) {
      const { json: description } = await api('descriptions', 'GET', '/openapi.json');
      const gets = Object.keys(description.paths).filter((path) => 'get' in description.paths[path]);
      const missing = results.filter((path) => !gets.includes(path));
      if (missing.length > 0) throw new Error(`There is no ${missing.join(' nor ')}`);
      for (const path of gets.filter((each) => !results.includes(each))) await readRoute(path, readable);
      await api('report', 'GET', `/v1/batches/${readable.batch}/report`);
      await api('report as CSV', 'GET', `/v1/batches/${readable.batch}/report`, undefined, { accept: 'text/csv' });
    },
    async readBoard() {
      for (const lane of ['interactive', 'batch']) {
        const queue = `${errand.prefix}-${lane}`;
        for (const status of ['latest', 'failed', 'completed']) {
          const list = `/queues/api/queues?activeQueue=${queue}&status=${status}&jobsPerPage=100`;
          const { json } = await api('board', 'GET', list);
          const { jobs } = json.queues.find(({ name }: { name: string }) => name === queue);
          for (const job of jobs) {
            await api('board', 'GET', `/queues/api/queues/${queue}/${encodeURIComponent(job.id)}`);
          }
        }
      }
    },
    async readStores() {
      // Result bytes are kept as they came.
      note('database', await databaseText(errand.database.pool, ['public.blobs']));
      if (backend.name === 'redis') note('Redis', await redisText(backend.url));
    },
    readLogs() {
      note('log of the API', errand.api.output());
      note('logs of the workers', errand.workers.map((worker) => worker.output()).join('\n'));
    },
    found: (canaries) =>
      [...seen].flatMap(([where, texts]) =>
        texts.flatMap((text) => tracesOf(canaries, text).map((trace) => `${where}: ${trace} IN ${text.slice(0, 120)}`)),
      ),
  };
}
