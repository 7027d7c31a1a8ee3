import type { TestProject } from 'vitest/node';
import { oldest } from './services/versions.ts';
import { provideServers } from './services.ts';

/** Vitest's global setup of the tests that are repeated on the oldest versions. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return provideServers(project, oldest);
}
