import { describe, expect, it } from 'vitest';
import { clusterAddress, clusterProblem, isCluster, keyPrefix, redisNodes } from '../../../src/contract/redis-nodes.ts';

describe('contract §2: REDIS_URL', () => {
  it('names one server, also with a comma in its password', () => {
    expect(redisNodes('redis://:a,b@one:6379/2')).toEqual(['redis://:a,b@one:6379/2']);
    expect(isCluster('redis://:a,b@one:6379/2')).toBe(false);
    expect(clusterProblem('redis://:a,b@one:6379/2')).toBeNull();
  });

  it('names several nodes of a cluster, whose user and password are the same', () => {
    const url = 'rediss://errand:p%2Cw@one:7000, rediss://errand:p%2Cw@[::1]';
    expect(clusterAddress(url)).toEqual({
      nodes: [
        { host: 'one', port: 7000 },
        { host: '::1', port: 6379 },
      ],
      credentials: { username: 'errand', password: 'p,w', tls: {} },
    });
    expect(clusterAddress('redis://one,redis://two').credentials).toEqual({});
    expect(clusterProblem(url)).toBeNull();
  });

  it.each([
    ['redis://one,rediss://two', /all with redis:\/\/ or all with rediss/],
    ['redis://:a@one,redis://:b@two', /same user and password/],
    ['redis://one/1,redis://two/1', /must not name a database/],
  ])('is no cluster: %s', (url, problem) => {
    expect(clusterProblem(url)).toMatch(problem);
  });
});

describe('contract §4: keys of a queue', () => {
  it('are where plain BullMQ has them, and in a cluster in one hash slot for each lane', () => {
    expect(keyPrefix('errand-batch', false)).toBe('bull');
    expect(keyPrefix('errand-batch', true)).toBe('{errand-batch}');
  });
});
