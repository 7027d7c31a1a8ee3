import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeProblem, oldestNode } from '../../../src/platform/node-version.ts';

const lockFile = path.resolve(import.meta.dirname, '../../../package-lock.json');

describe('contract §2: the Node.js that runs it', () => {
  it.each([
    'v22.19.0',
    'v22.20.1',
    'v23.0.0',
    'v24.21.0',
    'v26.0.0-nightly20261101',
    'v100.0.0',
  ])('may be %s', (version) => {
    expect(nodeProblem(version, '/usr/bin/node')).toBeNull();
  });

  it.each(['v22.18.0', 'v22.9.0', 'v21.99.0', 'v20.20.2', 'v9.0.0'])('may not be %s, which is told', (version) => {
    expect(nodeProblem(version, '/usr/bin/node')).toBe(
      `Errand needs Node 22.19 or later; this is ${version} (/usr/bin/node).`,
    );
  });

  it('is as old as its dependencies allow, and no older', () => {
    type Locked = { dev?: boolean; optional?: boolean; engines?: { node?: string } };
    const { packages } = JSON.parse(readFileSync(lockFile, 'utf8')) as { packages: Record<string, Locked> };
    const asked = Object.values(packages)
      .filter(({ dev, optional }) => !dev && !optional)
      .flatMap(({ engines }) => [...(engines?.node ?? '').matchAll(/^>= ?(\d+)\.?(\d*)/g)])
      .map(([, major = '', minor = '']) => ({ major: Number(major), minor: Number(minor) }))
      .sort((one, other) => other.major - one.major || other.minor - one.minor);
    expect(`${asked[0]?.major}.${asked[0]?.minor}`).toBe(oldestNode);
  });
});
