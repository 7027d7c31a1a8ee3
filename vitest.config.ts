import { defineConfig } from 'vitest/config';
import { RunSummary } from './test/support/run-summary.ts';
import { makeScratch } from './test/support/scratch.ts';
import { missingVersions } from './test/support/services/versions.ts';

const services = './test/support/services.ts';
const consoleBuild = './test/support/console-build.ts';
/** What holds how soon something happens: a busy neighbour would be part of the measurement. */
const timed = ['test/conformance/{hanging,outages-postgres,outages-redis}.test.ts'];
/** Needs a Docker engine, and all of the machine. */
const compose = 'test/e2e/compose.test.ts';
/** One more than a small machine has cores, since files wait for processes and timers, too: a fourth brings nothing more. */
const maxWorkers = 3;

/** What asks most of PostgreSQL or of the queue runs on other versions, too (test/support/services/versions.ts). */
const rooms =
  'access,app,audit,batches,integrations,invocations,lanes,recording,schedules,statistics,notifications,store';
const queue = 'test/conformance/{ending,taking}.test.ts';
const otherVersions = [
  { name: 'oldest' as const, include: [queue, `test/integration/{${rooms}}/**/*.test.ts`] },
  { name: 'valkey' as const, include: [queue, 'test/conformance/killed-worker.test.ts'] },
];

process.env.TMPDIR = makeScratch();

const missing = (await missingVersions()).map(({ servers }) => servers.name);

export default defineConfig({
  test: {
    pool: 'forks',
    reporters: ['default', new RunSummary()],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
    // Vitest's own second is short for a machine that is starting processes.
    expect: { poll: { timeout: 10_000 } },
    // The groups follow one another.
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // No I/O, nothing shared: one process for all of them, since a process for each takes longer than its tests.
          isolate: false,
          maxWorkers: 1,
          sequence: { groupOrder: 0 },
        },
      },
      // Side by side: each file has a database and queue names of its own, or servers of its own where it breaks them.
      // Vitest takes a group's projects in the order of their names: what waits longest does not begin last.
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/{conformance,e2e,browser}/**/*.test.ts'],
          exclude: [...timed, compose],
          globalSetup: [
            services,
            consoleBuild,
            './test/support/chromium.ts',
            './test/support/shell-tools.ts',
            './test/support/older-node.ts',
          ],
          maxWorkers,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: [services, consoleBuild],
          // To load the source again for each file took a quarter of their time.
          isolate: false,
          maxWorkers,
          sequence: { groupOrder: 1 },
        },
      },
      ...otherVersions
        .filter(({ name }) => !missing.includes(name))
        .map(({ name, include }) => ({
          extends: true as const,
          test: {
            name,
            include,
            globalSetup: `./test/support/services-${name}.ts`,
            isolate: false,
            maxWorkers,
            sequence: { groupOrder: 1 },
          },
        })),
      {
        extends: true,
        test: {
          name: 'timed',
          include: timed,
          globalSetup: services,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'compose',
          include: [compose],
          globalSetup: ['./test/support/compose/setup.ts', './test/support/chromium.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
