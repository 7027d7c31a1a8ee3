import { isDeepStrictEqual } from 'node:util';
import type { KeyAccounts } from '../contract/api-key.ts';
import type { Actor } from '../contract/audit.ts';
import {
  builtInCommandTypes,
  type CommandType,
  type CommandTypeBody,
  type DeclaredToken,
} from '../contract/command-type.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
import { type FieldError, Refusal } from '../contract/problem.ts';
import { compileCommand } from './assemble.ts';
import { type Cursors, paginate } from './paginate.ts';
import type { CommandUse, IntegrationStore } from './stored.ts';

/** Command types are everybody's: all keys see them, only keys for all accounts change them. */
export function createCommandTypeUses({ store, cursors }: { store: IntegrationStore; cursors: Cursors }) {
  return {
    /** The built-in ones and those added, by name. */
    async list(_scope: KeyAccounts, query: PageQuery): Promise<Page<CommandType>> {
      return paginate([...builtInCommandTypes, ...(await store.types())], query, cursors);
    },

    /**
     * Adds a command type or replaces one that was added. Saving what is there already changes nothing.
     *
     * @throws Refusal `forbidden` (the key is not for all accounts), `conflict` (built in; or a saved command would no
     * longer work as it does: the errors name each).
     */
    async put(scope: KeyAccounts, actor: Actor, name: string, body: CommandTypeBody): Promise<CommandType> {
      if (scope !== '*') {
        throw new Refusal(
          'forbidden',
          'Command types belong to all accounts; this takes a key for all accounts ("*").',
        );
      }
      if (builtInCommandTypes.some((type) => type.name === name)) {
        throw new Refusal('conflict', `"${name}" is built in and cannot be changed; choose another name.`);
      }
      const type: CommandType = JSON.parse(JSON.stringify({ name, builtIn: false, ...body }));
      await store.changeType(
        name,
        ({ stored, uses }) => {
          if (isDeepStrictEqual(stored, type)) return null;
          const errors = uses.flatMap((use) => problemsWith(use, stored, type));
          if (errors.length > 0) {
            throw new Refusal('conflict', 'Saved commands would no longer work as they do.', errors);
          }
          const details = { before: stored, after: type };
          return {
            account: null,
            actor,
            action: 'command-type.saved',
            subject: { type: 'command-type', id: name },
            details,
          };
        },
        type,
      );
      return type;
    },
  };
}

/** What the new declaration would break of a saved command. */
function problemsWith(use: CommandUse, before: CommandType | null, after: CommandType): FieldError[] {
  const values = [
    ...use.variables.map((name) => ({ name, kind: 'variable' as const })),
    ...use.secrets.map((name) => ({ name, kind: 'secret' as const })),
  ];
  const where = `The command ${use.integration}/${after.name}`;
  const compiled = compileCommand({ name: after.name, version: 0, definition: use.definition }, after, values);
  if (!compiled.ok) {
    return compiled.errors.map(({ path, message }) => ({ path: 'tokens', message: `${where} (${path}): ${message}` }));
  }
  const was = new Map(before?.tokens.map((token) => [token.name, token]));
  const uses = new Set(compiled.command.request.uses);
  const taken = new Set(values.map(({ name }) => name));
  return after.tokens.flatMap((token, index) => {
    const problem = tightened(token, was.get(token.name), uses, taken);
    return problem === null ? [] : [{ path: `tokens.${index}`, message: `${where} ${problem}` }];
  });
}

function tightened(
  token: DeclaredToken,
  before: DeclaredToken | undefined,
  uses: ReadonlySet<string>,
  taken: ReadonlySet<string>,
): string | null {
  if (before === undefined) {
    return taken.has(token.name)
      ? `stands beside a variable or secret "${token.name}" of its integration; choose another name for the token`
      : null;
  }
  if (!uses.has(token.aliasOf ?? token.name)) return null;
  if (token.required === true && before.required !== true) {
    return `uses "${token.name}", which producers need not give today; it cannot become required`;
  }
  return token.aliasOf === before.aliasOf
    ? null
    : `uses "${token.name}", which cannot become an alias of another token`;
}
