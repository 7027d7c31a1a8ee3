import fc from 'fast-check';

/**
 * Bodies like this one with something amiss: a member is missing, is of another type or value, or there is one more;
 * anywhere in it, once or several times.
 */
export function mutations(body: unknown): fc.Arbitrary<unknown> {
  const change = fc.record({ at: fc.nat(), how: fc.constantFrom('remove', 'replace', 'add'), value: strangeValue });
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
    const mutated = { body: structuredClone(body) };
    for (const { at, how, value: shared } of changes) {
      // The generator gives the same object again, and this one is changed.
      const value = structuredClone(shared);
      const places = placesIn(mutated);
      const place = places[at % places.length];
      if (place === undefined) continue;
      const { parent, key } = place;
      const there = parent[key];
      if (how === 'add' && isParent(there)) there[Array.isArray(there) ? there.length : 'unheardOf'] = value;
      else if (how === 'remove' && parent !== mutated) remove(parent, key);
      else parent[key] = value;
    }
    return mutated.body;
  });
}

type Parent = Record<string | number, unknown>;

const isParent = (value: unknown): value is Parent => typeof value === 'object' && value !== null;

function placesIn(parent: Parent): { parent: Parent; key: string }[] {
  return Object.keys(parent).flatMap((key) => {
    const value = parent[key];
    return [{ parent, key }, ...(isParent(value) ? placesIn(value) : [])];
  });
}

function remove(parent: Parent, key: string): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
}

const strangeValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(
    null,
    true,
    0,
    -1,
    1.5,
    1e300,
    '',
    ' ',
    'x',
    [],
    {},
    [[]],
    '{{',
    '\u0000',
    '\ud800',
    'x'.repeat(9000),
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.jsonValue({ maxDepth: 2 }),
);
