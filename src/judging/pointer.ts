/** What a JSON Pointer (RFC 6901 §4) leads to; `undefined` if there is nothing. Own properties only. */
export function resolvePointer(document: unknown, pointer: string): unknown {
  let at = document;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null) return undefined;
    if (Array.isArray(at) && !/^(?:0|[1-9]\d*)$/.test(key)) return undefined;
    at = Object.getOwnPropertyDescriptor(at, key)?.value;
  }
  return at;
}
