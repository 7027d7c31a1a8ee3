import type { AuditVerification } from '../contract/audit.ts';
import { type Check, type Checkpoint, type Contents, headOf, type Seal, type SealKeys } from './seal.ts';

export type Problem = AuditVerification['problems'][number];

/** What is under a seal now, and of which times. */
export type There = Contents & { since: Date | null; until: Date | null };

type End = Pick<Seal, 'number' | 'to' | 'head'>;

/** Does a seal follow on the one before it? */
export function chainProblems(previous: End | null, seal: Seal): Problem[] {
  const { number } = seal;
  const found: Problem[] = [];
  const add = (message: string) => found.push({ seal: number, message });
  const expected = (previous?.number ?? 0) + 1;
  if (number !== expected) {
    const gone = number - 1 === expected ? `Seal ${expected} is` : `Seals ${expected} to ${number - 1} are`;
    add(`${gone} missing.`);
  } else {
    if (seal.from !== (previous?.to ?? 0)) add(`Seal ${number} does not begin where the one before it ends.`);
    if (!headOf(previous?.head ?? null, seal).equals(seal.head)) {
      add(`Seal ${number} does not follow from what it covers and the seal before it.`);
    }
  }
  return found;
}

/** Of a seal, or of what retention says, that was not made with a key that is known. */
const madeWith = (keyId: string, check: Exclude<Check, 'right'>) =>
  check === 'wrong'
    ? `was not made with the key "${keyId}"`
    : `was made with the key "${keyId}", which is not in ERRAND_SECRET_KEYS`;

export const keyProblem = ({ number, keyId }: Seal, check: Exclude<Check, 'right'>): Problem => ({
  seal: number,
  message: `Seal ${number} ${madeWith(keyId, check)}.`,
});

/** Are the entries under a seal what they were? Those of executions may be gone as far as retention has come. */
export function contentProblems(seal: Seal, there: There, removed: Checkpoint | null): Problem[] {
  const under = `under seal ${seal.number}${timesOf(there)}`;
  const people = { was: seal.entries, is: there.entries, same: there.digest.equals(seal.digest), what: 'entry' };
  const executions = {
    was: seal.executions,
    is: there.executions,
    same: there.executionsDigest.equals(seal.executionsDigest),
    what: 'entry of executions',
  };
  const isGone = { ...executions, was: 0, same: true };
  const going = seal.number <= (removed?.upTo ?? 0);
  const kinds = !going ? [people, executions] : (removed?.removedTo ?? 0) >= seal.to ? [people, isGone] : [people];
  return kinds.flatMap(({ was, is, same, what }) => {
    const count = (amount: number) => `${amount} ${amount === 1 ? what : what.replace('entry', 'entries')}`;
    if (is < was) return [{ seal: seal.number, message: `${count(was - is)} of ${was} ${under}: missing.` }];
    if (is > was) return [{ seal: seal.number, message: `${count(is - was)} ${under}: added after it was sealed.` }];
    if (was === 0 || same) return [];
    return [{ seal: seal.number, message: `At least one of ${count(was)} ${under}: changed.` }];
  });
}

const timesOf = ({ since, until }: There) =>
  since === null || until === null ? '' : `, of ${since.toISOString()} to ${until.toISOString()}`;

/**
 * Is a seal that was kept the one that is there?
 *
 * @param head of the seal with its number; `null`: there is none
 * @param known the last seal that went with retention, and the newest
 */
export function keptProblem(
  kept: { number: number; head: Buffer },
  head: Buffer | null,
  known: { from: number; to: number },
): Problem[] {
  if (head?.equals(kept.head) === true) return [];
  const seal = kept.number;
  if (head !== null) {
    return [{ seal, message: `Seal ${seal} is another one than the one that was kept: the log was made anew.` }];
  }
  const message =
    seal < known.from
      ? `Seal ${seal}, which was kept, went with retention: keep a newer one.`
      : `Seal ${seal}, which was kept, is missing: the log was cut off after seal ${known.to}.`;
  return [{ seal, message }];
}

export function checkpointProblems(checkpoint: Checkpoint, keys: SealKeys): Problem[] {
  const { kind, upTo, keyId } = checkpoint;
  const what = kind === 'all' ? 'entries' : 'entries of executions';
  const check = keys.checkCheckpoint(checkpoint);
  if (check === 'right') return [];
  const message = `The record that retention removed ${what} up to seal ${upTo} ${madeWith(keyId, check)}.`;
  return [{ seal: upTo, message }];
}
