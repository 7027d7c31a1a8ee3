import { allowsHost } from '../contract/allowed-hosts.ts';
import type { CompiledRequest } from '../tokens/compile.ts';
import type { StoredValue } from './stored.ts';

/** A secret that a request uses and that may only be sent to some hosts. */
export type BoundSecret = { secret: string; hosts: readonly string[] };

/** Those of the secrets that a request uses, in whatever place, that may not go anywhere. */
export function boundSecrets(
  { uses }: Pick<CompiledRequest, 'uses'>,
  values: readonly (Pick<StoredValue, 'name'> & Partial<Pick<StoredValue, 'allowedHosts'>>)[],
): BoundSecret[] {
  return values.flatMap(({ name, allowedHosts }) =>
    allowedHosts != null && uses.includes(name) ? [{ secret: name, hosts: allowedHosts }] : [],
  );
}

/** Why a request must not be sent there; `null`: it may be. */
export function hostProblem(bound: readonly BoundSecret[], url: string): string | null {
  const host = URL.parse(url)?.hostname ?? '';
  const refused = refusing(bound, host);
  if (refused === undefined) return null;
  return `${host} is none of the hosts that ${may(refused)}. Nothing was sent.`;
}

/** Likewise for where an answer redirects to. */
export function redirectProblemOf(bound: readonly BoundSecret[]): (target: URL) => string | null {
  return ({ hostname }) => {
    const refused = refusing(bound, hostname);
    if (refused === undefined) return null;
    return `The server redirects to ${hostname}, which is none of the hosts that ${may(refused)}. The redirect was not followed.`;
  };
}

function refusing(bound: readonly BoundSecret[], host: string): BoundSecret | undefined {
  return bound.find(({ hosts }) => !allowsHost(hosts, host));
}

function may({ secret, hosts }: BoundSecret): string {
  return `the secret "${secret}" may be sent to (${hosts.join(', ')})`;
}
