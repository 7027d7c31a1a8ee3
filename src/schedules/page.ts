import type { ScheduleItem, ScheduleSource } from '../contract/schedule.ts';
import { type Tokens, type TokenValue, tokensSchema } from '../contract/tokens.ts';
import { resolvePointer } from '../judging/pointer.ts';

/** What a page of a source says: its items, and what names the page after it (`null`: there is none). */
export type SourcePage = { items: ScheduleItem[]; next: string | null };

export type PageReading = { ok: true; page: SourcePage } | { ok: false; message: string };

/** Something is wrong with a page; never leaves this module. */
class Unreadable extends Error {}

/**
 * Reads a page of a source's answer. Nothing is passed over in silence: what does not fit fails the page as a whole, with
 * the place that is wrong. Messages never hold what the answer holds.
 *
 * @param number of the page, from 1 on, for messages
 */
export function readPage(body: Uint8Array, source: ScheduleSource, number: number): PageReading {
  try {
    const answer = parse(body, number);
    const list = resolvePointer(answer, source.itemsPointer);
    if (!Array.isArray(list)) {
      const found =
        list === undefined
          ? 'nothing'
          : list === null
            ? 'null'
            : `no list but ${typeof list === 'object' ? 'an object' : `a ${typeof list}`}`;
      throw new Unreadable(`Page ${number} has ${found} at "${source.itemsPointer}" (source.itemsPointer).`);
    }
    const map = Object.entries(source.map);
    const place = (index: number) => `Item "${source.itemsPointer}/${index}" of page ${number}`;
    const items = list.map((item, index) => ({ tokens: tokensOf(item, map, () => place(index)) }));
    return { ok: true, page: { items, next: nextOf(answer, source, number) } };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, message: error.message };
    throw error;
  }
}

/** A number that a double would change, or that is written otherwise than it would be: a long one, or `12.50`. */
const particular = /\d{16}|\.\d*0(?!\d)|\d[eE]/;

function parse(body: Uint8Array, number: number): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    // The digits of such numbers are kept as text; it costs time, so it is done only where there may be some.
    return particular.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
  } catch {
    throw new Unreadable(`Page ${number} is not JSON, so no items can be taken from it.`);
  }
}

function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  return String(value) === context.source ? value : context.source;
}

function tokensOf(item: unknown, map: readonly [name: string, pointer: string][], place: () => string): Tokens {
  const tokens: Record<string, TokenValue> = {};
  for (const [name, pointer] of map) {
    const value = resolvePointer(item, pointer);
    if (value === undefined) throw new Unreadable(`${place()} has nothing at "${pointer}" (source.map.${name}).`);
    if (typeof value === 'string' && !value.isWellFormed()) {
      throw new Unreadable(`${place()} has half of a surrogate pair at "${pointer}" (source.map.${name}).`);
    }
    tokens[name] = value as TokenValue;
  }
  const fit = tokensSchema.safeParse(tokens);
  if (fit.success) return tokens;
  const [issue] = fit.error.issues;
  const where = issue?.path[0] === undefined ? 'source.map' : `source.map.${String(issue.path[0])}`;
  throw new Unreadable(`${place()}: what is at ${where} ${issue?.message ?? 'does not fit'}.`);
}

/** Longer than any URL that a server takes. */
const longestNext = 16_384;

function nextOf(answer: unknown, { next }: ScheduleSource, number: number): string | null {
  if (next === undefined) return null;
  const found = resolvePointer(answer, next.pointer);
  // What APIs say on their last page.
  if (found === undefined || found === null || found === '' || found === false) return null;
  const value = typeof found === 'number' ? String(found) : found;
  const place = `Page ${number}, "${next.pointer}" (source.next.pointer)`;
  if (typeof value !== 'string') throw new Unreadable(`${place}: neither a text nor a number.`);
  if (value.length > longestNext) throw new Unreadable(`${place}: longer than ${longestNext} characters.`);
  if (!value.isWellFormed()) throw new Unreadable(`${place}: holds half of a surrogate pair.`);
  return value;
}
