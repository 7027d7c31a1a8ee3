/** One key of `ERRAND_SECRET_KEYS`: 32 bytes and the name by which sealed records refer to it. */
export type SecretKey = { id: string; key: Buffer };

export type SecretKeys = { ok: true; keys: readonly SecretKey[] } | { ok: false; problems: readonly string[] };

const idPattern = /^[A-Za-z0-9_-]{1,32}$/;
const base64Pattern = /^[A-Za-z0-9+/_-]+={0,2}$/;
const keyBytes = 32;

/**
 * Parses `ERRAND_SECRET_KEYS`: `id:base64(32 bytes)[,id:…]`. The first key encrypts, all of them decrypt (contract §2).
 * Problems name an entry by its place and id, never by anything of the key.
 */
export function parseSecretKeys(text: string): SecretKeys {
  const keys: SecretKey[] = [];
  const problems: string[] = [];
  for (const [index, entry] of text.split(',').entries()) {
    const parsed = parseEntry(entry.trim(), `entry ${index + 1}`);
    if (typeof parsed === 'string') problems.push(parsed);
    else if (keys.some(({ id }) => id === parsed.id)) problems.push(`entry ${index + 1}: the id is used twice`);
    else keys.push(parsed);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, keys };
}

function parseEntry(entry: string, place: string): SecretKey | string {
  const form = 'must have the form id:base64, e.g. k1:… with 32 random bytes in base64';
  const colon = entry.indexOf(':');
  if (colon < 0) return `${place}: ${form}`;
  const id = entry.slice(0, colon);
  // What stands before the colon is only an id, and fit to be printed, if it looks like one.
  if (!idPattern.test(id)) return `${place}: the id must be 1 to 32 letters, digits, "_" or "-"`;
  const encoded = entry.slice(colon + 1);
  if (!base64Pattern.test(encoded)) return `${place} ("${id}"): the key must be base64`;
  const key = Buffer.from(encoded, 'base64');
  if (key.length !== keyBytes) return `${place} ("${id}"): the key must be 32 bytes, not ${key.length}`;
  return { id, key };
}
