import type { Page, PageQuery } from '../contract/paging.ts';

/** How cursors are written and read; `decode` refuses what `encode` did not make. */
export type Cursors = { encode(key: string): string; decode(cursor: string, valid: RegExp): string };

/**
 * One page of a list that is at hand as a whole: an integration's commands and secrets, the command types. They are in
 * the order of their names, which stays when one is saved again, so no page repeats or misses one.
 */
export function paginate<Item extends { name: string }>(
  all: readonly Item[],
  { limit, cursor }: PageQuery,
  cursors: Cursors,
): Page<Item> {
  const after = cursor === undefined ? null : cursors.decode(cursor, /^.{1,100}$/s);
  const ordered = [...all].sort((a, b) => (a.name < b.name ? -1 : 1));
  const rest = after === null ? ordered : ordered.filter(({ name }) => name > after);
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rest.length > limit && last !== undefined ? cursors.encode(last.name) : null };
}
