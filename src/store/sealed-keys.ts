import type { Database } from './database.ts';

export type KeyPurpose = 'fingerprint';

/** Keeps a sealed key if there is none for its purpose yet, and answers the one that is kept. */
export async function keepSealedKey(database: Database, purpose: KeyPurpose, fresh: string): Promise<string> {
  const find = () => database.query<{ sealed: string }>('select sealed from sealed_keys where purpose = $1', [purpose]);
  const before = await find();
  if (before.rows[0] !== undefined) return before.rows[0].sealed;
  await database.query('insert into sealed_keys (purpose, sealed) values ($1, $2) on conflict do nothing', [
    purpose,
    fresh,
  ]);
  const kept = (await find()).rows[0];
  if (kept === undefined) throw new Error(`the ${purpose} key was kept and is not there`);
  return kept.sealed;
}
