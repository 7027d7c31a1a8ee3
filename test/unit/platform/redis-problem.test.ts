import { expect, it } from 'vitest';
import { problemOf } from '../../../src/platform/redis.ts';

const info = (version: string, policy: string) =>
  `# Server\r\nredis_version:${version}\r\n# Memory\r\nmaxmemory_policy:${policy}\r\n`;

it.each([
  ['7.0.15', 'noeviction', null],
  ['6.2.0', 'noeviction', null],
  ['6.0.16', 'noeviction', /6\.0\.16; Errand needs 6\.2/],
  ['8.0.0', 'allkeys-lru', /maxmemory-policy is allkeys-lru/],
])('contract §2: Redis %s with %s: %s', (version, policy, problem) => {
  if (problem === null) expect(problemOf(info(version, policy))).toBeNull();
  else expect(problemOf(info(version, policy))).toMatch(problem);
});
