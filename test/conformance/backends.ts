import { inject } from 'vitest';
import { createDatabase } from '../support/database.ts';
import { ownCluster, queueBackends } from '../support/queues.ts';

/** A queue's server, for one test file. */
export type Backend = { kind: 'redis' | 'postgres'; url: string; close(): Promise<void> };

async function database(): Promise<Backend> {
  const { url, drop } = await createDatabase();
  return { kind: 'postgres', url, close: drop };
}

/** For `describe.each`: the backends of this machine, each to be opened once per file. */
export function conformanceBackends(): { name: string; open: () => Promise<Backend> }[] {
  const backends = queueBackends().map((backend) =>
    backend.name === 'redis'
      ? { name: 'Redis', open: async () => ({ kind: 'redis' as const, url: backend.url, close: async () => {} }) }
      : { name: 'PostgreSQL', open: database },
  );
  const servers = inject('servers');
  // Of another version, only what there is of it is tried again.
  if (servers === 'valkey') return backends.filter(({ name }) => name === 'Redis');
  const clusterToo = servers === 'usual' && ownCluster.available;
  return clusterToo ? [...backends, { name: 'a Redis Cluster', open: cluster }] : backends;
}

async function cluster(): Promise<Backend> {
  const { url, stop } = await ownCluster.start();
  return { kind: 'redis', url, close: stop };
}

/** PostgreSQL's alone, for what Redis has no like of. */
export const openPostgresBackend = database;
