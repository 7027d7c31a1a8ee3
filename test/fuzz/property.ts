import fc from 'fast-check';

/**
 * Something that holds for every value. `npm test` tries some hundred values, `npm run fuzz` as many as its time is
 * enough for; both begin with those that it once failed for.
 */
export type Property = {
  /** What holds, of what: `a URL path: no value breaks out of it`. */
  name: string;
  /** Fails by throwing (node:assert). */
  check: fc.IRawProperty<unknown[], boolean>;
};

/**
 * @param kept values that it failed for before the fault was mended
 */
export function property<Values extends [unknown, ...unknown[]]>(
  name: string,
  arbitraries: { [Index in keyof Values]: fc.Arbitrary<Values[Index]> },
  check: (...values: Values) => void | Promise<void>,
  kept: NoInfer<Values>[] = [],
): Property & { kept: unknown[][] } {
  const all = arbitraries as unknown as [fc.Arbitrary<unknown>];
  const run = check as (...values: unknown[]) => void | Promise<void>;
  return { name, check: fc.asyncProperty(...all, async (...values) => void (await run(...values))) as never, kept };
}

export type KeptProperty = ReturnType<typeof property>;

/** What breaks out of somewhere, more often than chance would bring it. */
const fragments = [
  ...['..', '.', '%2e', '%', '/', '?', '#', '&', '=', '+', ' ', '"', "'", '<', '>', ']]>', '<!--', '\\', '\\u0022'],
  ...['{{A}}', '{{', '}}', '\r\n', '\n', '\t', '\u0000', '\u001f', '\u007f', '\u0085', '\u2028', '\ud800', '\udfff'],
  ...['\uffff', '\ufeff', '😀', 'é', '@', ':', ';', ',', '12', 'null', '&amp;', '&#x41;', '%25', '\\x41', '***'],
];

/** A text of few characters that is made to break things, or of any characters at all. */
export const hostileText = fc.oneof(
  fc
    .array(fc.oneof(fc.constantFrom(...fragments), fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 6 })
    .map((parts) => parts.join('')),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), maxLength: 8 }),
);

/** Bytes cut into pieces in any way, also empty ones. */
export function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

export const cuts = fc.array(fc.nat(), { maxLength: 12 });
