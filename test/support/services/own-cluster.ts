import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import { clusterAddress } from '../../../src/contract/redis-nodes.ts';
import type { Certificate } from '../endpoints/certificates.ts';
import { freePort } from '../ports.ts';
import { secured } from './own-redis.ts';
import { noRedisProgram, redisProgram, runRedis } from './redis.ts';

type Node = { port: number; client(): Redis; kill(): Promise<void>; restart(): Promise<void> };

/** A Redis Cluster of a test's own: three masters, each with a replica if it is asked for. */
export type OwnCluster = {
  /** As `REDIS_URL` names it: the three nodes that were masters at first. */
  url: string;
  flushAll(): Promise<void>;
  killAll(): Promise<void>;
  /** All nodes, with the data that they had; resolves when they are a cluster again. */
  restartAll(): Promise<void>;
  /** The node that is master of the key's hash slot now. */
  masterOf(key: string): Promise<Node>;
  stop(): Promise<void>;
};

const slots = 16_384;
const masters = 3;
/** How soon a node that is silent counts as failed. */
const nodeTimeoutMs = 1_000;

export const ownCluster = { available: redisProgram() !== null, start: startOwnCluster };

/** A certificate for `localhost` and who vouches for it: the cluster then speaks nothing but TLS. */
type Tls = Certificate & { ca: string };

/** A client of a cluster without TLS, as anybody would make one. */
export function clusterClient(url: string): Cluster {
  return new Cluster(clusterAddress(url).nodes, { redisOptions: { maxRetriesPerRequest: null } });
}

async function startOwnCluster({ replicas = false, tls }: { replicas?: boolean; tls?: Tls } = {}): Promise<OwnCluster> {
  const program = redisProgram();
  if (program === null) throw new Error(`A Redis Cluster cannot be started: ${noRedisProgram}`);
  const directory = await mkdtemp(path.join(tmpdir(), `errand-test-${process.pid}-`));
  const nodes: Node[] = [];
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.kill()));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    for (let index = 0; index < masters * (replicas ? 2 : 1); index += 1)
      nodes.push(await startNode(program, directory, tls));
    await join(nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  const place = tls === undefined ? 'redis://127.0.0.1' : 'rediss://localhost';
  const url = nodes.slice(0, masters).map(({ port }) => `${place}:${port}`);
  const byPort = (port: number) => nodes.find((node) => node.port === port) as Node;
  return {
    url: url.join(','),
    async flushAll() {
      const client = clusterClient(url.join(','));
      await client.ping();
      await Promise.all(client.nodes('master').map((node) => node.flushall()));
      client.disconnect();
    },
    async killAll() {
      await Promise.all(nodes.map((node) => node.kill()));
    },
    async restartAll() {
      await Promise.all(nodes.map((node) => node.restart()));
      await allWell(nodes);
    },
    async masterOf(key) {
      const client = clusterClient(url.join(','));
      const slot = await client.cluster('KEYSLOT', key);
      const ranges = await client.cluster('SLOTS');
      client.disconnect();
      const [, , master] = ranges.find(([from, to]) => from <= slot && slot <= to) ?? [];
      return byPort(Number(master?.[1]));
    },
    stop,
  };
}

async function startNode(program: string, directory: string, tls: Tls | undefined): Promise<Node> {
  const [port, busPort] = [await freePort(), await freePort()];
  const listening = tls === undefined ? ['--port', String(port)] : await secured(directory, port, tls);
  const args = [...listening, '--dir', directory, '--cluster-enabled', 'yes', '--cluster-port', String(busPort)];
  args.push('--cluster-config-file', `nodes-${port}.conf`, '--cluster-node-timeout', String(nodeTimeoutMs));
  args.push('--save', '', '--appendonly', 'yes', '--appenddirname', `aof-${port}`, '--maxmemory-policy', 'noeviction');
  // A certificate is for a name, so names are what clients are told.
  const named = ['--cluster-announce-hostname', 'localhost', '--cluster-preferred-endpoint-type', 'hostname'];
  if (tls !== undefined) args.push('--tls-cluster', 'yes', '--tls-replication', 'yes', ...named);
  let server = await runRedis(program, args);
  return {
    port,
    client: () =>
      tls === undefined ? new Redis(port, '127.0.0.1') : new Redis({ host: 'localhost', port, tls: { ca: [tls.ca] } }),
    kill: () => server.kill(),
    async restart() {
      await server.kill();
      server = await runRedis(program, args);
    },
  };
}

/** Shares the slots out among the first three, has all meet, and makes the others their replicas. */
async function join(nodes: readonly Node[]): Promise<void> {
  const clients = nodes.map((node) => node.client());
  try {
    const ids = await Promise.all(clients.map((client) => client.cluster('MYID')));
    const share = Math.ceil(slots / masters);
    for (const [index, client] of clients.slice(0, masters).entries()) {
      const [from, to] = [index * share, Math.min(slots, (index + 1) * share) - 1];
      await client.call('CLUSTER', 'ADDSLOTSRANGE', from, to);
      await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
    }
    const [first] = nodes;
    const busOf = await clients[0]?.call('CONFIG', 'GET', 'cluster-port');
    const [, bus = ''] = busOf as string[];
    for (const client of clients.slice(1)) await client.call('CLUSTER', 'MEET', '127.0.0.1', String(first?.port), bus);
    await until(async () => (await Promise.all(clients.map(knownNodes))).every((known) => known === nodes.length));
    for (const [index, client] of clients.slice(masters).entries()) {
      await client.call('CLUSTER', 'REPLICATE', ids[index] ?? '');
    }
  } finally {
    for (const client of clients) client.disconnect();
  }
  await allWell(nodes);
}

async function allWell(nodes: readonly Node[]): Promise<void> {
  const clients = nodes.map((node) => node.client());
  try {
    await until(async () => (await Promise.all(clients.map(isWell))).every(Boolean));
  } finally {
    for (const client of clients) client.disconnect();
  }
}

const knownNodes = async (client: Redis): Promise<number> =>
  Number(/cluster_known_nodes:(\d+)/.exec(String(await client.cluster('INFO')))?.[1]);

/** It sees the whole cluster, and as a replica has its master's data. */
async function isWell(client: Redis): Promise<boolean> {
  const state = String(await client.cluster('INFO'));
  const replication = await client.info('replication');
  return (
    state.includes('cluster_state:ok') &&
    (replication.includes('role:master') || replication.includes('link_status:up'))
  );
}

/** A cluster tells nobody when its nodes have agreed. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error('The Redis Cluster did not come about within 30 s');
    await delay(50);
  }
}
