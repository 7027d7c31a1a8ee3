import { isDeepStrictEqual } from 'node:util';

/** A value that is, or is to be, another one; `undefined`: none. */
export type Difference = { path: string; before?: unknown; after?: unknown };

/** Field by field, in the order in which they stand. */
export function differencesOf(before: unknown, after: unknown, path = ''): Difference[] {
  if (isDeepStrictEqual(before, after)) return [];
  const [was, is] = [partsOf(before), partsOf(after)];
  const comparable =
    (was ?? is) !== null && (was !== null || before === undefined) && (is !== null || after === undefined);
  if (!comparable || isEmpty(was) || isEmpty(is)) return [{ path, before, after }];
  const names = new Set([...Object.keys(was ?? {}), ...Object.keys(is ?? {})]);
  return [...names].flatMap((name) => differencesOf(was?.[name], is?.[name], path === '' ? name : `${path}.${name}`));
}

function partsOf(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
}

const isEmpty = (parts: object | null) => parts !== null && Object.keys(parts).length === 0;
