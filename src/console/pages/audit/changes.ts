/** One value within an entry's details; what was not there is `null`. */
export type Change = { path: string; before: string | null; after: string | null };
export type Detail = { path: string; value: string };

type Values = ReadonlyMap<string, string>;

/** Every single value, by the path to it: `request.headers.0.value`. */
function valuesOf(value: unknown, path: string, into: Map<string, string> = new Map()): Map<string, string> {
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    for (const [name, inner] of Object.entries(value)) valuesOf(inner, path === '' ? name : `${path}.${name}`, into);
  } else into.set(path, typeof value === 'string' ? value : JSON.stringify(value));
  return into;
}

const isObject = (value: unknown) => typeof value === 'object' && value !== null;

/** What an entry says was so before, or is so after; `null`: it tells of no change. */
export function changesOf({ before, after }: Record<string, unknown>): Change[] | null {
  if (!isObject(before) && !isObject(after)) return null;
  const from: Values = isObject(before) ? valuesOf(before, '') : new Map();
  const to: Values = isObject(after) ? valuesOf(after, '') : new Map();
  return [...new Set([...from.keys(), ...to.keys()])]
    .map((path) => ({ path, before: from.get(path) ?? null, after: to.get(path) ?? null }))
    .filter((change) => change.path !== '' && change.before !== change.after);
}

/** The rest of what an entry says. */
export function restOf(details: Record<string, unknown>): Detail[] {
  const changing = changesOf(details) !== null;
  const rest = Object.entries(details).filter(([name]) => !changing || (name !== 'before' && name !== 'after'));
  return [...valuesOf(Object.fromEntries(rest), '')]
    .filter(([path]) => path !== '')
    .map(([path, value]) => ({ path, value }));
}
