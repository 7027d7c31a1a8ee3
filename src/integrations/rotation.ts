import { type AuditRecord, system } from '../audit/entry.ts';
import type { RotationReport, SealedKind, UnreadableRecords } from '../contract/rotation.ts';

/** A sealed value where it is kept, and the context that it opens in. */
export type SealedRecord = {
  kind: SealedKind;
  /** Its row, for whoever gave it out. */
  row: string;
  context: string;
  /** `null`: it belongs to no integration. */
  integration: string | null;
  /** Of a secret. */
  name: string | null;
  sealed: string;
};

/** How many records of an integration (of a secret's name) are sealed with a key. */
export type SealedCount = Pick<SealedRecord, 'kind' | 'integration' | 'name'> & { key: string; count: number };

/** Where sealed values are kept. Both iterate in bounded steps, a statement each. */
export type SealedStore = {
  counts(): AsyncIterable<readonly SealedCount[]>;
  /** Those that are not sealed with this key, a few hundred at a time. */
  sealedOtherwise(key: string): AsyncIterable<readonly SealedRecord[]>;
  /** Replaces those that are still as they were and that nobody holds just now; answers how many. */
  replace(records: readonly { record: SealedRecord; sealed: string }[]): Promise<number>;
};

export type RotationDependencies = {
  store: SealedStore;
  sealer: { seal(plaintext: string, context: string): string; open(sealed: string, context: string): string };
  /** The ids of `ERRAND_SECRET_KEYS`; the first encrypts. */
  keyIds: readonly string[];
  audit: (record: AuditRecord) => Promise<void>;
  /** Before looking again at what somebody held. */
  pause: () => Promise<void>;
  onProgress: (progress: { done: number; total: number }) => void;
};

/** Rounds in a row that find only what others hold: with the pause of half a second a minute, longer than any statement. */
const maxFruitlessRounds = 120;

type Round = { replaced: number; held: number; unreadable: readonly UnreadableRecords[] };

/**
 * Seals everything anew that is not sealed with the first key, while API and workers run: nothing but the sealed text of a
 * row changes. It keeps no state, so it can be ended at any moment, begun again, and run twice at the same time.
 */
export function createRotation(dependencies: RotationDependencies) {
  const { store, keyIds, audit, pause, onProgress } = dependencies;
  const first = keyIds[0] as string;

  /** Rounds until nothing is left that a round could still change. */
  async function work(total: number): Promise<{ rotated: number; unreadable: readonly UnreadableRecords[] }> {
    let rotated = 0;
    for (let fruitless = 0; ; ) {
      const round = await oneRound(dependencies, first, (done) => onProgress({ done: rotated + done, total }));
      rotated += round.replaced;
      fruitless = round.replaced > 0 ? 0 : fruitless + 1;
      if (round.held === 0 || fruitless === maxFruitlessRounds) return { rotated, unreadable: round.unreadable };
      if (round.replaced === 0) await pause();
    }
  }

  return {
    /** How much is sealed with which key. */
    async look(): Promise<RotationReport> {
      return report(keyIds, await countAll(store), { dryRun: true, rotated: 0, unreadable: [] });
    },

    async rotate(): Promise<RotationReport> {
      const before = await countAll(store);
      const total = before.filter(({ key }) => key !== first).reduce((sum, { count }) => sum + count, 0);
      if (total === 0) return report(keyIds, before, { dryRun: false, rotated: 0, unreadable: [] });
      await audit(entry(first, 'secrets.rotation-started', { records: byKey(before) }));
      const worked = await work(total);
      const after = await countAll(store);
      await audit(entry(first, 'secrets.rotated', { rotated: worked.rotated, records: byKey(after) }));
      return report(keyIds, after, { dryRun: false, ...worked });
    },
  };
}

async function oneRound(
  { store, sealer }: RotationDependencies,
  first: string,
  onReplaced: (done: number) => void,
): Promise<Round> {
  const round = { replaced: 0, held: 0 };
  const unreadable: SealedRecord[] = [];
  for await (const records of store.sealedOtherwise(first)) {
    const opened = records.flatMap((record) => {
      const plaintext = openOrNull(sealer, record);
      if (plaintext === null) unreadable.push({ ...record, sealed: keyOf(record.sealed) });
      return plaintext === null ? [] : [{ record, sealed: sealer.seal(plaintext, record.context) }];
    });
    const replaced = opened.length === 0 ? 0 : await store.replace(opened);
    round.replaced += replaced;
    round.held += opened.length - replaced;
    onReplaced(round.replaced);
  }
  const counted = unreadable.map(({ kind, integration, name, sealed }) => ({ kind, integration, name, key: sealed }));
  return { ...round, unreadable: summed(counted.map((each) => ({ ...each, count: 1 }))) };
}

function openOrNull(sealer: RotationDependencies['sealer'], { sealed, context }: SealedRecord): string | null {
  try {
    return sealer.open(sealed, context);
  } catch {
    return null;
  }
}

/** The id of the key that a record says it is sealed with. */
function keyOf(sealed: string): string {
  return sealed.split('.')[1] ?? '';
}

async function countAll(store: SealedStore): Promise<SealedCount[]> {
  const counts: SealedCount[] = [];
  for await (const some of store.counts()) counts.push(...some);
  return summed(counts);
}

function summed(counts: readonly SealedCount[]): SealedCount[] {
  const sums = new Map<string, SealedCount>();
  for (const each of counts) {
    const place = JSON.stringify([each.kind, each.key, each.integration, each.name]);
    sums.set(place, { ...each, count: (sums.get(place)?.count ?? 0) + each.count });
  }
  return [...sums.values()];
}

function byKey(counts: readonly SealedCount[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const { key, count } of counts) sums.set(key, (sums.get(key) ?? 0) + count);
  return Object.fromEntries(sums);
}

function report(
  keyIds: readonly string[],
  counts: readonly SealedCount[],
  { dryRun, rotated, unreadable }: Pick<RotationReport, 'dryRun' | 'rotated' | 'unreadable'>,
): RotationReport {
  const records = byKey(counts);
  const unknown = counts.filter(({ key }) => !keyIds.includes(key));
  const ids = [...new Set([...keyIds, ...Object.keys(records)])];
  const broken = unreadable.filter(({ key }) => keyIds.includes(key));
  return {
    key: keyIds[0] as string,
    dryRun,
    rotated,
    keys: ids.map((id) => ({ id, known: keyIds.includes(id), records: records[id] ?? 0 })),
    unreadable: [...unknown, ...broken],
  };
}

function entry(key: string, action: AuditRecord['action'], details: Record<string, unknown>): AuditRecord {
  return { account: null, actor: system, action, subject: { type: 'secret-key', id: key }, details };
}
