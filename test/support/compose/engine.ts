import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

export const root = path.resolve(import.meta.dirname, '../../..');

/** What Dockerfile and docker-compose.yml start from. */
const images = ['node:24-bookworm-slim', 'postgres:18', 'redis:8'];

const execute = promisify(execFile);
const maxBuffer = 64 * 1024 * 1024;

/** @returns what it wrote to stdout. @throws Error with what it wrote to stderr */
export async function run(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  try {
    const { stdout } = await execute(program, args, { cwd: root, env: { ...process.env, ...env }, maxBuffer });
    return stdout.trim();
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new Error(`${program} ${args.join(' ')}: ${said.split('\n').slice(-20).join('\n')}`, { cause: error });
  }
}

/** `docker compose`, or the older `docker-compose`; `null`: there is neither. */
export async function composeCommand(): Promise<readonly string[] | null> {
  for (const command of [['docker', 'compose'], ['docker-compose']]) {
    if (await succeeds([...command, 'version'])) return command;
  }
  return null;
}

/** The base image that is neither here nor can be fetched; `null`: all can be had. */
export async function missingImage(): Promise<string | null> {
  for (const image of images) {
    if (await succeeds(['docker', 'image', 'inspect', image])) continue;
    if (!(await succeeds(['docker', 'pull', image]))) return image;
  }
  return null;
}

/** The image as the repository has it. It stays when the tests are over, so that the next build takes seconds. */
export async function buildImage(tag: string): Promise<void> {
  const registry = await run(['npm', 'config', 'get', 'registry']);
  const args = { NPM_CONFIG_REGISTRY: registry, VERSION: '0.0.0-test', REVISION: 'test' };
  const given = Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  // The host's network: a registry may be on its loopback.
  await run(['docker', 'build', '--network', 'host', ...given, '--tag', tag, '.']);
}

function succeeds(command: readonly string[]): Promise<boolean> {
  return run(command).then(
    () => true,
    () => false,
  );
}
