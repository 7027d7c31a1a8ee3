import type { TestProject } from 'vitest/node';
import { summary } from '../run-summary.ts';
import { dockerProblem } from '../services/docker.ts';
import { composeCommand, missingImage } from './engine.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Docker Compose as this machine has it; `null`: it has none, or no engine. */
    compose: readonly string[] | null;
  }
}

/** Vitest's global setup of the tests that run docker-compose.yml for real. */
export default async function setup(project: TestProject): Promise<void> {
  const command = await composeCommand();
  const why = await problem(command);
  project.provide('compose', why === null ? command : null);
  if (why === null) {
    summary.lines.push(`Docker Compose: ${command?.join(' ')}`);
    return;
  }
  summary.lines.push(`The suite of docker-compose.yml did not run: ${why}`);
  if (/\bcompose\b/.test(process.env.ERRAND_TEST_REQUIRE ?? '')) {
    throw new Error(`ERRAND_TEST_REQUIRE names compose, and it cannot be run: ${why}`);
  }
}

async function problem(command: readonly string[] | null): Promise<string | null> {
  const docker = await dockerProblem();
  if (docker !== null) return docker;
  if (command === null) return 'neither `docker compose` nor `docker-compose`';
  const image = await missingImage();
  return image === null ? null : `the image ${image} is not here and cannot be fetched`;
}
