import { defineConfig } from 'vitest/config';
import { RunSummary } from './test/support/run-summary.ts';

const services = './test/support/services.ts';
const faults = ['test/conformance/**/*.test.ts', 'test/{e2e,browser}/**/*.test.ts', 'test/**/*.fault.test.ts'];

export default defineConfig({
  test: {
    pool: 'forks',
    reporters: ['default', new RunSummary()],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
    // The groups follow one another, so that what restarts servers and measures time has the machine to itself.
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          exclude: ['test/**/*.fault.test.ts'],
          globalSetup: services,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'faults',
          include: faults,
          globalSetup: [services, './test/support/chromium.ts'],
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
