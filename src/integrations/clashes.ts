import type { FieldError } from '../contract/problem.ts';
import { Refusal } from '../contract/problem.ts';
import { compileCommand, typeOf } from './assemble.ts';
import type { Around, StoredValue } from './stored.ts';

type Name = Pick<StoredValue, 'name' | 'kind'>;

export function liveCommands<Command extends { deleted: boolean }>({
  commands,
}: {
  commands: readonly Command[];
}): Command[] {
  return commands.filter(({ deleted }) => !deleted);
}

/**
 * A new value may not take a name that an invocation gives a value to: the producers that give one would be refused from
 * then on. The other way round, a command saved where the integration already has such a value takes it from there.
 *
 * @param pathOf where the name stands in the request's body.
 * @throws Refusal `conflict`
 */
export function refuseTakenNames(
  stored: Pick<Around, 'commands' | 'types'>,
  added: readonly string[],
  pathOf: (name: string) => string,
): void {
  const errors: FieldError[] = [];
  for (const command of liveCommands(stored)) {
    const declared = new Set(typeOf(command.name, stored.types)?.tokens.map(({ name }) => name));
    for (const name of added.filter((one) => declared.has(one))) {
      const message = `"${name}" is a token of the configured command ${command.name}, given by each invocation; choose another name`;
      errors.push({ path: pathOf(name), message });
    }
  }
  if (errors.length > 0) throw new Refusal('conflict', 'One name has one value.', errors);
}

/**
 * Refuses a change of values that a saved command could not live with: it uses a variable or secret that would be gone.
 *
 * @throws Refusal `conflict`, naming the commands.
 */
export function refuseBreaking(stored: Around, after: readonly Name[], removed: readonly string[]): void {
  const broken = liveCommands(stored).filter((command) => {
    const type = typeOf(command.name, stored.types);
    if (type === undefined) return false;
    return compileCommand(command, type, stored.values).ok && !compileCommand(command, type, after).ok;
  });
  if (broken.length === 0) return;
  const commands = broken.map(({ name }) => name).join(', ');
  const names = removed.map((name) => `"${name}"`).join(', ');
  throw new Refusal(
    'conflict',
    `${names} cannot be removed: ${commands} would no longer work. Change or delete ${broken.length === 1 ? 'that command' : 'those commands'} first.`,
  );
}
