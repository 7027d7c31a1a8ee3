import { isDeepStrictEqual } from 'node:util';
import type { HttpClient } from '../../client/http.ts';
import type { IntegrationEntry } from '../../contract/configuration-file.ts';
import { namesIn } from '../../integrations/authentication/references.ts';
import { integrationConfiguration } from './comparable.ts';
import { type CurrentIntegration, orNull } from './current.ts';
import { differencesOf } from './differences.ts';
import type { Step } from './step.ts';

/**
 * What is configured of an integration itself. The API takes an `auth` or `tls` only if the secrets that it names are saved:
 * one that names new secrets comes after them, and until then what is there stays.
 */
export function integrationSteps(
  id: string,
  { secrets = {}, commands, schedules, auth = null, tls = null, ...fields }: IntegrationEntry,
  now: CurrentIntegration | null,
): { beforeSecrets: Step[]; afterSecrets: Step[] } {
  const wanted = { auth, tls };
  const there = { auth: now?.integration.auth ?? null, tls: now?.integration.tls ?? null };
  const waits = namesIn(wanted).some((name) => Object.hasOwn(secrets, name) && now?.secrets.has(name) !== true);
  // Those that the files do not have are deleted at last, when no command needs them any more.
  const variables = { ...now?.integration.variables, ...fields.variables };
  const first = { ...fields, ...(waits ? there : wanted), variables };
  const step = { kind: 'integration', name: id, path: `integrations.${id}`, look: lookAt(id) } as const;
  const seen = now === null ? null : integrationConfiguration(now.integration);
  const between = integrationConfiguration(first);
  const account = now === null && fields.account !== undefined ? { account: fields.account } : {};
  const beforeSecrets: Step = {
    ...step,
    action: now === null ? 'create' : 'change',
    differences: differencesOf(seen ?? undefined, { ...account, ...between }),
    seen,
    send: (client) => client.putIntegration(id, { ...first, type: 'custom' }),
  };
  const after = integrationConfiguration({ ...first, ...wanted });
  const afterSecrets: Step = {
    ...step,
    action: 'change',
    differences: differencesOf(between, after),
    seen: between,
    send: (client) => client.patchIntegration(id, wanted),
  };
  return {
    beforeSecrets: isDeepStrictEqual(seen, between) ? [] : [beforeSecrets],
    afterSecrets: isDeepStrictEqual(between, after) ? [] : [afterSecrets],
  };
}

const lookAt = (id: string) => async (client: HttpClient) => {
  const now = await orNull(client.getIntegration(id));
  return now === null ? null : integrationConfiguration(now);
};
