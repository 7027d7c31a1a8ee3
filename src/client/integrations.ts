import type { Integration, IntegrationBody, IntegrationPatch, Secret, SecretBody } from '../contract/integration.ts';
import type { Page } from '../contract/paging.ts';
import { at, json, type ListQuery, withQuery } from './address.ts';
import type { CallOptions, Transport } from './transport.ts';

export type IntegrationFilter = { account?: string; q?: string; status?: Integration['status'] };

/** Calls for integrations and their secrets. */
export function integrationCalls({ send }: Transport) {
  const integration = (id: string, ...rest: string[]) => at('integrations', id, ...rest);
  const remove = async (path: string, call?: CallOptions) => void (await send('DELETE', path, call));
  return {
    listIntegrations: (query: ListQuery<IntegrationFilter> = {}, call?: CallOptions) =>
      json<Page<Integration>>(send('GET', withQuery(at('integrations'), query), call)),
    getIntegration: (id: string, call?: CallOptions) => json<Integration>(send('GET', integration(id), call)),
    putIntegration: (id: string, body: IntegrationBody, call?: CallOptions) =>
      json<Integration>(send('PUT', integration(id), { ...call, body })),
    patchIntegration: (id: string, body: IntegrationPatch, call?: CallOptions) =>
      json<Integration>(send('PATCH', integration(id), { ...call, body })),
    deleteIntegration: (id: string, call?: CallOptions) => remove(integration(id), call),
    /** Batch work waits, interactive work fails at once, until it is resumed. */
    pauseIntegration: (id: string, call?: CallOptions) =>
      json<Integration>(send('POST', integration(id, 'pause'), call)),
    /** Ends a pause; where Errand holds it, one invocation is let through at once to try. */
    resumeIntegration: (id: string, call?: CallOptions) =>
      json<Integration>(send('POST', integration(id, 'resume'), call)),
    listSecrets: (id: string, { signal, ...query }: CallOptions & ListQuery = {}) =>
      json<Page<Secret>>(send('GET', withQuery(integration(id, 'secrets'), query), { signal })),
    /** @param options `allowedHosts`: where requests that use it may go; left out: anywhere, whatever it was before */
    putSecret: (
      id: string,
      name: string,
      value: string,
      { allowedHosts, ...call }: CallOptions & Omit<SecretBody, 'value'> = {},
    ) => {
      const body: SecretBody = { value, ...(allowedHosts === undefined ? {} : { allowedHosts }) };
      return json<Secret>(send('PUT', integration(id, 'secrets', name), { ...call, body }));
    },
    deleteSecret: (id: string, name: string, call?: CallOptions) => remove(integration(id, 'secrets', name), call),
  };
}
