/**
 * The nodes that a `REDIS_URL` names: one of a server; several, with commas between them, of a cluster. A comma in a
 * password does no harm.
 */
export const redisNodes = (text: string): string[] => text.split(/,\s*(?=rediss?:\/\/)/).map((node) => node.trim());

/** Does this `REDIS_URL` mean a Redis Cluster? */
export const isCluster = (text: string): boolean => redisNodes(text).length > 1;

/**
 * The prefix of a queue's keys, BullMQ's option `prefix`. In a cluster all keys of a queue must be in one hash slot; with
 * the queue's name in braces they are, and the lanes are in different ones.
 */
export const keyPrefix = (queue: string, clustered: boolean): string => (clustered ? `{${queue}}` : 'bull');

/** What a cluster's client needs; user, password and TLS are the same for all nodes. */
export type ClusterAddress = {
  nodes: { host: string; port: number }[];
  credentials: { username?: string; password?: string; tls?: object };
};

/** Reads the nodes of a cluster; the first one's user and password are those of all. */
export function clusterAddress(text: string): ClusterAddress {
  const urls = redisNodes(text).map((node) => new URL(node));
  const nodes = urls.map(({ hostname, port }) => ({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || 6379),
  }));
  const { username = '', password = '', protocol } = urls[0] ?? {};
  const credentials = {
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
  return { nodes, credentials };
}

/** What keeps these nodes from being one cluster, in words for whoever wrote them; `null` if nothing does. */
export function clusterProblem(text: string): string | null {
  if (!isCluster(text)) return null;
  const urls = redisNodes(text).flatMap((node) => URL.parse(node) ?? []);
  const [first] = urls;
  const differs = (part: 'protocol' | 'username' | 'password') => urls.some((url) => url[part] !== first?.[part]);
  if (differs('protocol')) return "must name a cluster's nodes all with redis:// or all with rediss://";
  if (differs('username') || differs('password'))
    return "must have the same user and password for each of a cluster's nodes";
  if (urls.some(({ pathname }) => !['', '/', '/0'].includes(pathname)))
    return 'must not name a database: a cluster has but one';
  return null;
}
