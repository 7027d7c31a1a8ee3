import type { TestProject } from 'vitest/node';
import { valkey } from './services/versions.ts';
import { provideServers } from './services.ts';

/** Vitest's global setup of the tests that are repeated on Valkey. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return provideServers(project, valkey);
}
