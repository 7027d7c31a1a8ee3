/** What a gatherer does with the items that came in while it was busy. */
export type GatherOptions<Item, Answer> = {
  /** Handles a group at once; answers in the order of the items. A rejection rejects every item of its group. */
  flush: (items: readonly Item[]) => Promise<readonly Answer[]>;
  /** The most items of one group. */
  maxItems: number;
  /** The most bytes of one group, by `sizeOf`; an item larger than this goes alone. Default: no bound. */
  maxBytes?: number;
  sizeOf?: (item: Item) => number;
  /**
   * May one bad item be to blame for this error? Then the group is halved until that item fails alone, and the others
   * are handled. Default: never; what fails, fails for all.
   */
  isolates?: (error: unknown) => boolean;
};

export type Gatherer<Item, Answer> = {
  add(item: Item): Promise<Answer>;
  /** Resolves when everything added so far has been handled. */
  idle(): Promise<void>;
};

/**
 * Group commit: an item that comes alone is handled at once, and what comes while a group is being handled makes up the
 * next one. No timer, so a lone item pays nothing and a thousand share one round trip.
 */
export function createGatherer<Item, Answer>(options: GatherOptions<Item, Answer>): Gatherer<Item, Answer> {
  type Waiting = { item: Item; resolve: (answer: Answer) => void; reject: (error: unknown) => void };
  let waiting: Waiting[] = [];
  let running: Promise<void> | null = null;

  function nextGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { item } of waiting) {
      bytes += options.sizeOf?.(item) ?? 0;
      if (count > 0 && (count >= options.maxItems || bytes > (options.maxBytes ?? Number.POSITIVE_INFINITY))) break;
      count += 1;
    }
    const group = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return group;
  }

  async function run(): Promise<void> {
    // One turn of the microtask queue, so that what is added in the same tick shares the first group.
    await null;
    while (waiting.length > 0) {
      await handle(nextGroup());
    }
    running = null;
  }

  async function handle(group: readonly Waiting[]): Promise<void> {
    try {
      const answers = await options.flush(group.map(({ item }) => item));
      for (const [index, { resolve }] of group.entries()) resolve(answers[index] as Answer);
    } catch (error) {
      if (group.length > 1 && options.isolates?.(error) === true) {
        const middle = group.length >> 1;
        await handle(group.slice(0, middle));
        await handle(group.slice(middle));
      } else {
        for (const { reject } of group) reject(error);
      }
    }
  }

  return {
    add(item) {
      return new Promise<Answer>((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        running ??= run();
      });
    },
    async idle() {
      while (running !== null) await running;
    },
  };
}
