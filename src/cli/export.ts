import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { HttpClient } from '../client/http.ts';
import { builtInCommandTypes } from '../contract/command-type.ts';
import type { IntegrationEntry } from '../contract/configuration-file.ts';
import type { Integration } from '../contract/integration.ts';
import { hintFor } from '../contract/wording.ts';
import type { Environment } from '../platform/config.ts';
import { withClient } from './api-client.ts';
import { around, everyItem, orNull } from './as-code/current.ts';
import { commandTypesOf, createEnvironmentNames, entryOf, yamlOf } from './as-code/exported.ts';
import { configurationSchema } from './as-code/schema.ts';
import { CliFailure, exitCodes } from './failure.ts';
import { print, tell } from './output.ts';
import { nearest } from './unknown-name.ts';

export type ExportOptions = { account?: string; integrations?: readonly string[]; output?: string };

const schemaFile = 'errand.schema.json';
/** No integration's id begins with an underscore. */
const typesFile = '_command-types.yaml';
const comment =
  ' Written by errand export, read by errand apply. Secrets stay in Errand: set the environment variables.';

/** `errand export`: what is configured, as the files that `errand apply` reads. */
export async function runExport(env: Environment, options: ExportOptions): Promise<void> {
  await withClient(env, async (client) => {
    const names = createEnvironmentNames();
    const integrations = new Map<string, IntegrationEntry>();
    for (const integration of await chosen(client, options)) {
      integrations.set(integration.id, entryOf(await around(client, integration), names));
    }
    const commandTypes = await typesFor(client, integrations, options);
    if (options.output !== undefined) return writeAll(options.output, commandTypes, integrations);
    const types = Object.keys(commandTypes).length === 0 ? {} : { commandTypes };
    await print(yamlOf({ ...types, integrations: Object.fromEntries(integrations) }, comment));
  });
}

/** By id. @throws CliFailure for one that is not there, and an account that nothing tells of */
async function chosen(client: HttpClient, { account, integrations }: ExportOptions): Promise<Integration[]> {
  const all = () =>
    everyItem((query) => client.listIntegrations({ ...query, ...(account === undefined ? {} : { account }) }));
  if (integrations === undefined) {
    const every = await all();
    if (every.length === 0 && account !== undefined) await requireAccount(client, account);
    return every.sort((one, other) => (one.id < other.id ? -1 : 1));
  }
  const found: Integration[] = [];
  for (const id of new Set(integrations)) {
    const integration = await orNull(client.getIntegration(id));
    if (integration !== null && (account === undefined || integration.account === account)) found.push(integration);
    else {
      const near = nearest(
        id,
        (await all()).map((each) => each.id),
      );
      const hint = near === null ? '' : ` Did you mean \`${near}\`?`;
      const where = account === undefined ? '' : ` in account "${account}"`;
      throw new CliFailure(exitCodes.usage, `no such integration \`${id}\`${where}.${hint}`);
    }
  }
  return found;
}

/** An account is there if a key is for it, or an integration is of it. @throws CliFailure */
async function requireAccount(client: HttpClient, account: string): Promise<void> {
  const { accounts } = await client.session();
  if (accounts !== '*' && accounts.includes(account)) return;
  const those =
    accounts === '*'
      ? (await everyItem((query) => client.listIntegrations(query))).map((each) => each.account)
      : accounts;
  const known = [...new Set(those)];
  const what =
    accounts === '*'
      ? `no integration is of the account "${account}".`
      : `the API key is not for the account "${account}".`;
  throw new CliFailure(exitCodes.usage, `${what}${hintFor(account, known)}`);
}

/** Of all integrations all that were added; of some only those that they use. */
async function typesFor(
  client: HttpClient,
  integrations: ReadonlyMap<string, IntegrationEntry>,
  options: ExportOptions,
) {
  const builtIn = new Set(builtInCommandTypes.map(({ name }) => name));
  const added = (await everyItem((query) => client.listCommandTypes(query))).filter(({ name }) => !builtIn.has(name));
  if (options.account === undefined && options.integrations === undefined) return commandTypesOf(added);
  const used = new Set([...integrations.values()].flatMap(({ commands = {} }) => Object.keys(commands)));
  return commandTypesOf(added.filter(({ name }) => used.has(name)));
}

async function writeAll(
  directory: string,
  commandTypes: ReturnType<typeof commandTypesOf>,
  integrations: ReadonlyMap<string, IntegrationEntry>,
): Promise<void> {
  const heading = ` yaml-language-server: $schema=${schemaFile}\n${comment}`;
  const files = new Map([[schemaFile, configurationSchema()]]);
  if (Object.keys(commandTypes).length > 0) files.set(typesFile, yamlOf({ commandTypes }, heading));
  for (const [id, entry] of integrations) files.set(`${id}.yaml`, yamlOf({ integrations: { [id]: entry } }, heading));
  try {
    await mkdir(directory, { recursive: true });
    for (const [name, text] of files) await writeFile(path.join(directory, name), text);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new CliFailure(exitCodes.usage, `--output ${directory}: ${error.message}`);
  }
  tell(`${directory}: ${integrations.size} ${integrations.size === 1 ? 'integration' : 'integrations'}`);
}
