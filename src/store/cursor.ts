import type { Page } from '../contract/paging.ts';
import { Refusal } from '../contract/problem.ts';

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The opaque `cursor` of a page: where the next one goes on, in base64url so that nobody builds one by hand. */
export function encodeCursor(key: string): string {
  return Buffer.from(key, 'utf8').toString('base64url');
}

/**
 * The key that `encodeCursor` was given.
 *
 * @param valid what a key of this list looks like; default: a UUID. A cursor of another list does not fit it.
 * @throws Refusal `invalid` for anything that this list's pages do not hand out.
 */
export function decodeCursor(cursor: string, valid: RegExp = uuid): string {
  const key = Buffer.from(cursor, 'base64url').toString('utf8');
  if (encodeCursor(key) !== cursor || !valid.test(key)) {
    throw new Refusal('invalid', 'The cursor is not one of this list.', [
      { path: 'cursor', message: 'must be the nextCursor of an earlier page of this list' },
    ]);
  }
  return key;
}

/**
 * A page of rows, of which one more than `limit` was asked for to see if there are any.
 *
 * @param keyOf where the page after this row goes on
 */
export function pageOf<Row>(rows: readonly Row[], limit: number, keyOf: (row: Row) => string): Page<Row> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null };
}
