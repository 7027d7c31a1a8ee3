import type { IntegrationStore } from '../integrations/stored.ts';
import { auditInsert, auditValues } from './audit.ts';
import { saveAuthentication } from './authentication.ts';
import { saveType, storedTypes, usesOfType } from './command-types.ts';
import { commandVersion, pageVersions, removeCommands, saveCommandVersion } from './commands.ts';
import { loadConfiguration } from './configuration.ts';
import { type Connection, type Database, transaction } from './database.ts';
import { configurationChannel, countAnew } from './flow.ts';
import { ensureIntegration, lockIntegration, nextVersion, pageIntegrations } from './integrations.ts';
import { advisoryLocks } from './locks.ts';
import { removeSchedules } from './schedules.ts';
import { beginValues, endValues } from './values.ts';

type Change = NonNullable<ReturnType<Parameters<IntegrationStore['change']>[1]>>;

/**
 * How integrations, their values and commands, and command types are kept.
 *
 * @param onProbeDue told when an integration that Errand holds was changed: one of its invocations may now be let through
 */
export function createIntegrationStore(
  database: Database,
  onProbeDue: (integration: string) => Promise<void> = async () => {},
): IntegrationStore {
  return {
    load: (id) => loadConfiguration(database, id, 'all'),
    types: () => storedTypes(database),
    versions: (id, command, query) => pageVersions(database, id, command, query),
    version: (id, command, version) => commandVersion(database, id, command, version),
    page: (accounts, filter, query) => pageIntegrations(database, accounts, filter, query),

    async change(id, decide, { create } = {}) {
      let probeDue = false;
      const changed = await transaction(database, async (connection) => {
        await connection.query('select pg_advisory_xact_lock_shared($1)', [advisoryLocks.commandTypes]);
        if (create !== undefined) await ensureIntegration(connection, id, create);
        await lockIntegration(connection, id);
        // A statement of its own: the one that waited for the lock still sees the other tables as they were before.
        const now = await loadConfiguration(connection, id, 'all');
        const change = decide(now);
        if (change === null) return now;
        probeDue = await carryOut(connection, id, change);
        return loadConfiguration(connection, id, 'all');
      });
      if (probeDue) await onProbeDue(id);
      return changed;
    },

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

const nobody = { auth: null, tls: null };

async function carryOut(connection: Connection, id: string, change: Change): Promise<boolean> {
  const begun = change.beginValues ?? [];
  const ended = [...(change.endValues ?? []), ...begun.map(({ name }) => name)];
  const version = await nextVersion(connection, id, change);
  const authentication = change.deleted === true ? nobody : change.integration;
  if (authentication !== undefined) await saveAuthentication(connection, id, version, authentication);
  if (ended.length > 0) await endValues(connection, id, version, ended);
  if (begun.length > 0) await beginValues(connection, id, version, begun);
  if (change.saveCommand !== undefined) await saveCommandVersion(connection, id, change.saveCommand);
  if (change.removeCommands !== undefined) await removeCommands(connection, id, change.removeCommands);
  if (change.deleted === true) await removeSchedules(connection, id, null);
  for (const entry of change.audit) await connection.query(auditInsert(1), auditValues(entry));
  const probeDue = await countAnew(connection, id, change.deleted ?? false);
  await tell(connection, id);
  return probeDue;
}

async function tell(connection: Connection, payload: string): Promise<void> {
  await connection.query('select pg_notify($1, $2)', [configurationChannel, payload]);
}
