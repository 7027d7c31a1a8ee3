import type { Actor } from '../contract/audit.ts';
import { Refusal } from '../contract/problem.ts';
import type { StoredCommand, StoredConfiguration } from './stored.ts';

/**
 * Which versions a command may have for it to be saved; `*`: any, as long as it is there; `absent`: none, it is new or
 * was deleted (RFC 9110 §13.1.1 and §13.1.2).
 */
export type ExpectedVersion = '*' | 'absent' | readonly number[];

/**
 * Who saves over what somebody else has saved meanwhile would undo it unseen. To be asked where the command cannot change
 * any more before it is saved.
 *
 * @throws Refusal `changed-meanwhile`, saying which version is the newest, and whose.
 */
export function requireExpected(
  expected: ExpectedVersion | undefined,
  { integration, commands }: StoredConfiguration,
  name: string,
  told: (savedBy: Actor) => Actor,
): void {
  if (expected === undefined) return;
  const found = commands.find((one) => one.name === name);
  const known = found && { ...found, savedBy: told(found.savedBy) };
  if (expected === 'absent' && (known === undefined || known.deleted)) return;
  if (known === undefined) {
    const detail = `Integration "${integration.id}" has no command "${name}"; leave If-Match out to make it.`;
    throw new Refusal('changed-meanwhile', detail);
  }
  if (known.deleted) {
    const when = known.updatedAt.toISOString();
    const detail = `Command "${name}" was deleted at ${when}; its last version was ${known.version}, saved by ${wordsFor(known.savedBy)}. Leave If-Match out to bring it back.`;
    throw new Refusal('changed-meanwhile', detail);
  }
  if (expected === '*' || (expected !== 'absent' && expected.includes(known.version))) return;
  throw new Refusal('changed-meanwhile', `${newest(known)} Look at it, then save on top of it.`);
}

function newest({ name, version, savedBy, updatedAt }: StoredCommand): string {
  return `The newest version of command "${name}" is ${version}, saved by ${wordsFor(savedBy)} at ${updatedAt.toISOString()}.`;
}

const wordsFor = ({ type, id, name }: Actor) => `${type} ${name === null ? id : `"${name}"`}`;
