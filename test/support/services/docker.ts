import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { homedir } from 'node:os';
import path from 'node:path';

/** An engine on this machine answers in milliseconds; tests must not wait for one that is not there. */
const answerMs = 1_000;

/** Why containers cannot be had; `null` if a Docker engine answers. */
export async function dockerProblem(): Promise<string | null> {
  const host = process.env.DOCKER_HOST;
  if (host === undefined || host === '') {
    const socket = ['/var/run/docker.sock', path.join(homedir(), '.docker/run/docker.sock')].find(existsSync);
    return socket === undefined ? 'no Docker engine (neither DOCKER_HOST nor a socket)' : ping({ socketPath: socket });
  }
  const url = URL.parse(host);
  if (url?.protocol === 'unix:') return ping({ socketPath: url.pathname });
  if (url?.protocol === 'tcp:') return ping({ host: url.hostname, port: Number(url.port || 2375) });
  return `DOCKER_HOST=${host} is neither unix:// nor tcp://`;
}

function ping(to: { socketPath: string } | { host: string; port: number }): Promise<string | null> {
  const where = 'socketPath' in to ? to.socketPath : `${to.host}:${to.port}`;
  return new Promise((resolve) => {
    const asking = request({ ...to, path: '/_ping', timeout: answerMs }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? null : `the Docker engine at ${where} answered ${response.statusCode}`);
    });
    asking.once('timeout', () => asking.destroy(new Error('no answer')));
    asking.once('error', ({ message }) => resolve(`no Docker engine at ${where} (${message})`));
    asking.end();
  });
}
