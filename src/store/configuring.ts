import type { IntegrationStore } from '../integrations/stored.ts';
import { auditInsert, auditValues } from './audit.ts';
import { saveType, storedTypes, usesOfType } from './command-types.ts';
import { removeCommands, saveCommandVersion } from './commands.ts';
import { loadConfiguration } from './configuration.ts';
import { type Connection, type Database, transaction } from './database.ts';
import { ensureIntegration, lockIntegration, nextVersion, pageIntegrations } from './integrations.ts';
import { advisoryLocks } from './locks.ts';
import { beginValues, endValues } from './values.ts';

/** Told at commit: the id of an integration that changed, or `*` when a command type did. */
export const configurationChannel = 'errand_configuration';

type Change = NonNullable<ReturnType<Parameters<IntegrationStore['change']>[1]>>;

/** How integrations, their values and commands, and command types are kept. */
export function createIntegrationStore(database: Database): IntegrationStore {
  return {
    load: (id) => loadConfiguration(database, id, 'all'),
    types: () => storedTypes(database),
    page: (accounts, filter, query) => pageIntegrations(database, accounts, filter, query),

    change: (id, decide, { create } = {}) =>
      transaction(database, async (connection) => {
        await connection.query('select pg_advisory_xact_lock_shared($1)', [advisoryLocks.commandTypes]);
        if (create !== undefined) await ensureIntegration(connection, id, create);
        await lockIntegration(connection, id);
        // A statement of its own: the one that waited for the lock still sees the other tables as they were before.
        const now = await loadConfiguration(connection, id, 'all');
        const change = decide(now);
        if (change === null) return now;
        await carryOut(connection, id, change);
        return loadConfiguration(connection, id, 'all');
      }),

    changeType: (name, decide, type) =>
      transaction(database, async (connection) => {
        await connection.query('select pg_advisory_xact_lock($1)', [advisoryLocks.commandTypes]);
        const [stored] = await storedTypes(connection, name);
        const audit = decide({ stored: stored ?? null, uses: await usesOfType(connection, name) });
        if (audit === null) return;
        await saveType(connection, type);
        await connection.query(auditInsert(1), auditValues(audit));
        await tell(connection, '*');
      }),
  };
}

async function carryOut(connection: Connection, id: string, change: Change): Promise<void> {
  const begun = change.beginValues ?? [];
  const ended = [...(change.endValues ?? []), ...begun.map(({ name }) => name)];
  const version = await nextVersion(connection, id, change);
  if (ended.length > 0) await endValues(connection, id, version, ended);
  if (begun.length > 0) await beginValues(connection, id, version, begun);
  if (change.saveCommand !== undefined) await saveCommandVersion(connection, id, change.saveCommand);
  if (change.removeCommands !== undefined) await removeCommands(connection, id, change.removeCommands);
  for (const entry of change.audit) await connection.query(auditInsert(1), auditValues(entry));
  await tell(connection, id);
}

async function tell(connection: Connection, payload: string): Promise<void> {
  await connection.query('select pg_notify($1, $2)', [configurationChannel, payload]);
}
