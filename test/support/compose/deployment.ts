import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inject } from 'vitest';
import { createHttpClient, type HttpClient } from '../../../src/client/http.ts';
import { freePort } from '../ports.ts';
import { buildImage, run } from './engine.ts';

/** docker-compose.yml, up and running with secrets of its own, and a customer's server beside it. */
export type ComposeDeployment = {
  url: string;
  adminKey: string;
  client: HttpClient;
  /** What a container of Errand is made of, for one beside these. */
  image: string;
  network: string;
  /** Ids of a service's running containers. */
  containers(service: string): Promise<string[]>;
  /** Of a container, by a Go template. */
  inspect(id: string, format: string): Promise<string>;
  up(...args: string[]): Promise<void>;
  /** Without its volumes: what `up` finds again. */
  down(): Promise<void>;
  /** Requests that the customer's server has seen. */
  seen(): Promise<{ number: string; key: string }[]>;
  docker(...args: string[]): Promise<string>;
  remove(): Promise<void>;
};

const image = 'errand-test';
const pollMs = 250;
const healthyWithinMs = 120_000;

/** Builds the image, starts all services, and resolves when all of them are healthy. */
export async function deployCompose(): Promise<ComposeDeployment> {
  await buildImage(image);
  const folder = await mkdtemp(path.join(tmpdir(), `errand-test-${process.pid}-`));
  const adminKey = randomBytes(32).toString('hex');
  const publish = `127.0.0.1:${await freePort()}`;
  const envFile = path.join(folder, '.env');
  await writeFile(envFile, environment(adminKey, publish));
  const project = `errandtest${randomBytes(4).toString('hex')}`;
  const files = ['docker-compose.yml', 'test/support/compose/customer.yml'].flatMap((file) => ['--file', file]);
  const base = [...(inject('compose') ?? []), '--project-name', project, '--env-file', envFile, ...files];
  const compose = (...args: string[]) => run([...base, ...args]);
  const docker = (...args: string[]) => run(['docker', ...args]);
  const inspect = (id: string, format: string) => docker('inspect', '--format', format, id);

  async function up(...args: string[]): Promise<void> {
    await compose('up', '--detach', '--no-build', ...args);
    const until = performance.now() + healthyWithinMs;
    for (;;) {
      const states = await allStates();
      if (states.every((state) => state === 'healthy' || state === '')) return;
      if (performance.now() > until) throw new Error(`Not healthy: ${await compose('ps')}\n${await compose('logs')}`);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  async function allStates(): Promise<string[]> {
    const ids = (await compose('ps', '--quiet')).split('\n');
    return Promise.all(ids.map((id) => inspect(id, '{{if .State.Health}}{{.State.Health.Status}}{{end}}')));
  }

  async function remove(): Promise<void> {
    await compose('down', '--volumes', '--remove-orphans', '--timeout', '1');
    await rm(folder, { recursive: true, force: true });
  }

  try {
    await up();
  } catch (error) {
    await remove();
    throw error;
  }
  const url = `http://${publish}`;
  return {
    url,
    adminKey,
    client: createHttpClient({ url, apiKey: adminKey }),
    image,
    network: `${project}_default`,
    async containers(service) {
      const label = (name: string, value: string) => ['--filter', `label=com.docker.compose.${name}=${value}`];
      const ids = await docker('ps', '--quiet', ...label('project', project), ...label('service', service));
      return ids.split('\n').filter((id) => id !== '');
    },
    inspect,
    up,
    down: async () => void (await compose('down')),
    async seen() {
      const address = await compose('port', 'customer', '8080');
      const response = await fetch(`http://${address}/seen`);
      return (await response.json()) as { number: string; key: string }[];
    },
    docker,
    remove,
  };
}

/** As docs/deploying.md says that secrets are made. */
function environment(adminKey: string, publish: string): string {
  const variables = {
    POSTGRES_PASSWORD: randomBytes(24).toString('hex'),
    REDIS_PASSWORD: randomBytes(24).toString('hex'),
    ERRAND_ADMIN_KEY: adminKey,
    ERRAND_SECRET_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    ERRAND_EGRESS_ALLOW: 'customer',
    IMAGE: image,
    PUBLISH: publish,
  };
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
