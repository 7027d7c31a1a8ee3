import { faultsOf, type Kind } from './kinds.ts';
import { type Accepted, configure, startLoad } from './load.ts';
import { type Judgement, judge, openOf } from './oracle.ts';
import { createRandom, type Random } from './random.ts';
import { startWorld, type World } from './world.ts';

export type FaultOptions = {
  backend: World['backend'];
  seed: number;
  /** How long something is broken again and again; then all that was accepted has to end. */
  forMs: number;
  say: (line: string) => void;
  /** Ends it after the fault that is being lifted. */
  signal?: AbortSignal;
};

export type FaultReport = Judgement & {
  seed: number;
  /** How often, and the longest time until a new invocation had succeeded after it was lifted, in milliseconds. */
  faults: Partial<Record<string, { count: number; recoveryMs: number }>>;
};

/** Contract §7: work of a killed worker resumes within 30 s; everything else is sooner. */
const recoveryWithinMs = 30_000;
const endWithinMs = 120_000;

/**
 * Breaks Errand in one way after the other, now and then in two at once, while a billing system sends to it; then lets it
 * come to rest and holds what the customer's system saw against what was promised. What is broken when depends on the seed
 * alone.
 */
export async function runFaults({ backend, seed, forMs, say, signal }: FaultOptions): Promise<FaultReport> {
  const random = createRandom(seed);
  const world = await startWorld(backend);
  try {
    await configure(world);
    const load = startLoad(world, createRandom(seed + 1));
    const pick = createPicker(backend, random);
    const late: string[] = [];
    const faults: FaultReport['faults'] = {};
    const until = performance.now() + forMs;
    while (performance.now() < until && signal?.aborted !== true) {
      const kinds = pick();
      const known = faultsOf(backend);
      const brokenAt = performance.now();
      const seeds = kinds.map((kind) => [kind, random.below(2 ** 31)] as const);
      await Promise.all(seeds.map(([kind, own]) => known.get(kind)?.(world, createRandom(own))));
      const liftedAt = performance.now();
      await succeeded(world, load.probe);
      const recoveryMs = Math.round(performance.now() - liftedAt);
      const name = kinds.join(' + ');
      say(`${name}: broken for ${Math.round(liftedAt - brokenAt)} ms, well again after ${recoveryMs} ms`);
      if (recoveryMs > recoveryWithinMs) late.push(`${name}: well again only after ${recoveryMs} ms`);
      const before = faults[name] ?? { count: 0, recoveryMs: 0 };
      faults[name] = { count: before.count + 1, recoveryMs: Math.max(before.recoveryMs, recoveryMs) };
    }
    await load.stop();
    await allEnded(world, load.accepted, say);
    const { counts, problems } = await judge(world, load.accepted);
    return { seed, faults, counts, problems: [...late, ...problems] };
  } finally {
    await world.stop();
  }
}

/** Each kind once, in any order, then each again; every fourth time with another one at the same time. */
function createPicker(backend: World['backend'], random: Random): () => Kind[] {
  const kinds = [...faultsOf(backend).keys()];
  let left: Kind[] = [];
  return () => {
    if (left.length === 0) left = [...kinds];
    const first = random.pick(left);
    left = left.filter((kind) => kind !== first);
    return random.below(4) > 0 ? [first] : [first, random.pick(kinds.filter((kind) => kind !== first))];
  };
}

/** Resolves when an invocation that is enqueued now has ended. */
async function succeeded(world: World, probe: () => Promise<string>): Promise<void> {
  const id = await probe();
  const until = performance.now() + endWithinMs;
  while (performance.now() < until) {
    const rows = await world
      .query('select 1 from invocations where id = $1 and finished_at is not null', [id])
      .catch(() => []);
    if (rows.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function allEnded(world: World, accepted: Accepted, say: FaultOptions['say']): Promise<void> {
  const since = performance.now();
  let open = await openOf(world, accepted);
  while (open > 0 && performance.now() - since < endWithinMs) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    open = await openOf(world, accepted);
  }
  say(
    `all that was accepted ended ${Math.round(performance.now() - since)} ms after the last fault${open > 0 ? `, but for ${open}` : ''}`,
  );
}
