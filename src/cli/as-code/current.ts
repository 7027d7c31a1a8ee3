import { ApiError, type HttpClient } from '../../client/http.ts';
import type { KeyAccounts } from '../../contract/api-key.ts';
import type { Command } from '../../contract/command.ts';
import type { CommandType } from '../../contract/command-type.ts';
import type { Integration, Secret } from '../../contract/integration.ts';
import { maxPageSize, type Page, type PageQuery } from '../../contract/paging.ts';
import type { Schedule } from '../../contract/schedule.ts';

/** An integration as it is, with all that is configured for it, by name. */
export type CurrentIntegration = {
  integration: Integration;
  secrets: ReadonlyMap<string, Secret>;
  commands: ReadonlyMap<string, Command>;
  schedules: ReadonlyMap<string, Schedule>;
};

/** What is in Errand: the command types, and the integrations that were asked for, `null` those that are not there for the key. */
export type Current = {
  /** The accounts that the key is for. */
  accounts: KeyAccounts;
  types: readonly CommandType[];
  integrations: ReadonlyMap<string, CurrentIntegration | null>;
};

export async function readCurrent(client: HttpClient, ids: Iterable<string>): Promise<Current> {
  const { accounts } = await client.session();
  const types = await everyItem((query) => client.listCommandTypes(query));
  const integrations = new Map<string, CurrentIntegration | null>();
  for (const id of ids) integrations.set(id, await readIntegration(client, id));
  return { accounts, types, integrations };
}

async function readIntegration(client: HttpClient, id: string): Promise<CurrentIntegration | null> {
  const integration = await orNull(client.getIntegration(id));
  return integration === null ? null : around(client, integration);
}

/** What is configured for an integration. */
export async function around(client: HttpClient, integration: Integration): Promise<CurrentIntegration> {
  const { id } = integration;
  const [secrets, commands, schedules] = await Promise.all([
    everyItem((query) => client.listSecrets(id, query)),
    everyItem((query) => client.listCommands(id, query)),
    everyItem((query) => client.schedules(id, query)),
  ]);
  return { integration, secrets: byName(secrets), commands: byName(commands), schedules: byName(schedules) };
}

/** What a call answers; `null` if there is no such thing. */
export async function orNull<Value>(asked: Promise<Value>): Promise<Value | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

/** The items of all pages. */
export async function everyItem<Item>(ask: (query: Partial<PageQuery>) => Promise<Page<Item>>): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Item> = await ask({ limit: maxPageSize, ...(cursor === null ? {} : { cursor }) });
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}

const byName = <Item extends { name: string }>(items: readonly Item[]) =>
  new Map(items.map((item) => [item.name, item]));
