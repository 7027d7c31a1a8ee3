import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Config } from '../platform/config.ts';
import { CannotStart } from './cannot-start.ts';

type Address = Pick<Config, 'host' | 'port'>;

/** Why the API cannot listen, in the words of who can change that; an error that is nobody's setting stays as it is. */
export function listenFailure(error: unknown, { host, port }: Address, variable = 'PORT'): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE')
    return new CannotStart(`${variable}: ${host}:${port} is in use, perhaps by another Errand; choose another, or 0`);
  if (code === 'EACCES')
    return new CannotStart(`${variable}: this user may not listen on ${host}:${port}; choose one above 1023`);
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new CannotStart(`HOST: "${host}" is no address of this machine`);
  return error;
}

/**
 * Listens and lets go again: what cannot be listened on should be known before a database is made.
 *
 * @throws CannotStart
 */
export async function requireFreeAddress(address: Address): Promise<void> {
  const server = createServer();
  try {
    await once(server.listen(address), 'listening');
  } catch (error) {
    throw listenFailure(error, address);
  }
  server.close();
  await once(server, 'close');
}
