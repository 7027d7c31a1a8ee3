import { isDeepStrictEqual } from 'node:util';
import { closest, distance } from 'fastest-levenshtein';
import type { AuditRecord } from '../audit/entry.ts';
import type { KeyAccounts } from '../contract/api-key.ts';
import type { Actor } from '../contract/audit.ts';
import type { Command, CommandBody, Retry } from '../contract/command.ts';
import { builtInCommandTypes, type CommandType } from '../contract/command-type.ts';
import { lanes } from '../contract/lane.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
import { type FieldError, Refusal } from '../contract/problem.ts';
import { type AssembleDependencies, compileCommand, typeOf } from './assemble.ts';
import { createDetails } from './audit-details.ts';
import { liveCommands } from './clashes.ts';
import { conditionalContradictions } from './conditional.ts';
import { type ExpectedVersion, requireExpected } from './expected-version.ts';
import { type Cursors, paginate } from './paginate.ts';
import { requireIntegration } from './scope.ts';
import type { Around, IntegrationStore, StoredCommand, StoredConfiguration } from './stored.ts';

/** Commands: what is saved here is what runs, so everything that can be known to fail is refused here. */
export function createCommandUses(dependencies: AssembleDependencies & { store: IntegrationStore; cursors: Cursors }) {
  const { store, cursors } = dependencies;
  const detailsOf = createDetails(dependencies);
  return {
    /** @throws Refusal `not-found` */
    async list(scope: KeyAccounts, id: string, query: PageQuery): Promise<Page<Command>> {
      const stored = requireIntegration(scope, id, await store.load(id));
      return paginate(liveCommands(stored).map(present), query, cursors);
    },

    /** @throws Refusal `not-found` */
    async get(scope: KeyAccounts, id: string, name: string): Promise<Command> {
      return present(requireCommand(requireIntegration(scope, id, await store.load(id)), name));
    },

    /**
     * Saves a command as its next version, numbered on from the last even if it had been deleted. Saving what is there
     * already makes no version, whatever version was expected: it is what was asked for, often by the same client, whose
     * connection broke before the answer. A variable or secret of the name of a declared token stands for that token.
     *
     * @param expected only if the command is still as its author knew it
     * @param told who saved meanwhile, as that may be told
     * @throws Refusal `not-found` (the integration, or no such command type), `invalid` with all that is wrong,
     * `changed-meanwhile`
     */
    async put(
      scope: KeyAccounts,
      actor: Actor,
      id: string,
      name: string,
      body: CommandBody,
      expected?: ExpectedVersion,
      told: (savedBy: Actor) => Actor = (savedBy) => savedBy,
    ): Promise<Command> {
      const definition = asStored(body);
      const stored = await store.change(id, (now) => {
        const current = requireIntegration(scope, id, now);
        const type = requireType(current, name);
        const errors = problemsOf(definition, type, current);
        if (errors.length > 0) throw new Refusal('invalid', 'The command cannot be saved.', errors);
        const known = current.commands.find((one) => one.name === name);
        const before = known === undefined || known.deleted ? null : known;
        if (before !== null && isDeepStrictEqual(before.definition, definition)) return null;
        requireExpected(expected, current, name, told);
        const version = (known?.version ?? 0) + 1;
        const details = detailsOf(current, { version, before: before?.definition ?? null, after: definition });
        return {
          saveCommand: { name, definition, savedBy: actor },
          audit: [entry(current, actor, 'command.saved', name, details)],
        };
      });
      return present(requireCommand(requireIntegration(scope, id, stored), name));
    },

    /** @throws Refusal `not-found` */
    async remove(scope: KeyAccounts, actor: Actor, id: string, name: string): Promise<void> {
      await store.change(id, (now) => {
        const current = requireIntegration(scope, id, now);
        const { version, definition } = requireCommand(current, name);
        const details = detailsOf(current, { version, before: definition });
        return { removeCommands: [name], audit: [entry(current, actor, 'command.deleted', name, details)] };
      });
    },
  };
}

/** @throws Refusal `not-found` */
export function requireCommand(stored: StoredConfiguration, name: string): StoredCommand {
  const commands = liveCommands(stored);
  const command = commands.find((one) => one.name === name);
  if (command !== undefined) return command;
  const names = commands.map((one) => `"${one.name}"`).sort();
  const has = names.length === 0 ? 'it has none yet' : `it has ${names.join(', ')}`;
  throw new Refusal('not-found', `Integration "${stored.integration.id}" has no command "${name}"; ${has}.`);
}

/** @throws Refusal `not-found`, with the name that was probably meant, or all of them. */
export function requireType({ types }: Pick<Around, 'types'>, name: string): CommandType {
  const type = typeOf(name, types);
  if (type !== undefined) return type;
  const names = [...builtInCommandTypes, ...types].map((one) => one.name);
  const close = names.find((one) => one.toLowerCase() === name.toLowerCase()) ?? closest(name, names);
  const near = distance(close.toLowerCase(), name.toLowerCase()) <= Math.max(1, Math.floor(name.length / 3));
  const advice = near ? `Did you mean "${close}"?` : `There are ${names.map((one) => `"${one}"`).join(', ')}.`;
  throw new Refusal('not-found', `There is no command type "${name}". ${advice}`);
}

/** Everything that is wrong with a command for this integration, with paths as in `request.url`. */
export function problemsOf(definition: CommandBody, type: CommandType, around: Pick<Around, 'values'>): FieldError[] {
  const compiled = compileCommand({ name: type.name, version: 0, definition }, type, around.values);
  return [...(compiled.ok ? [] : compiled.errors), ...contradictions(definition)];
}

/** What its fields, each right in itself, say against each other. */
function contradictions(definition: CommandBody): FieldError[] {
  const { request, accept, retry } = definition;
  const errors: FieldError[] = [];
  const listed = new Set(accept?.statuses?.map(String));
  for (const [index, status] of (accept?.absentStatuses ?? []).entries()) {
    if (!listed.has(String(status))) continue;
    const message = `${status} is in accept.statuses too; an answer is either a success or says that there is nothing`;
    errors.push({ path: `accept.absentStatuses.${index}`, message });
  }
  if (request.method === 'HEAD' && accept?.extract !== undefined) {
    errors.push({ path: 'accept.extract', message: 'has nothing to extract from: an answer to HEAD has no body' });
  }
  return [...errors, ...conditionalContradictions(definition), ...retryContradictions(retry)];
}

function retryContradictions(retry: CommandBody['retry']): FieldError[] {
  if (retry === undefined) return [];
  const byLane: { path: string; policy: Retry }[] =
    'interactive' in retry || 'batch' in retry
      ? lanes.map((lane) => ({ path: `retry.${lane}.maxMs`, policy: retry[lane] ?? {} }))
      : [{ path: 'retry.maxMs', policy: retry as Retry }];
  return byLane.flatMap(({ path, policy: { baseMs, maxMs } }) =>
    baseMs !== undefined && maxMs !== undefined && maxMs < baseMs
      ? [{ path, message: `must not be less than baseMs (${baseMs})` }]
      : [],
  );
}

/** As it comes back from the database, so that it can be compared with what is there: fields without a value are gone. */
export function asStored(body: CommandBody): CommandBody {
  return JSON.parse(JSON.stringify(body));
}

function present({ name, version, definition, updatedAt }: StoredCommand): Command {
  return { name, ...definition, version, updatedAt: updatedAt.toISOString() };
}

function entry(
  { integration }: StoredConfiguration,
  actor: Actor,
  action: AuditRecord['action'],
  name: string,
  details: Record<string, unknown>,
): AuditRecord {
  const subject = { type: 'command', id: `${integration.id}/${name}` };
  return { account: integration.account, actor, action, subject, details };
}
