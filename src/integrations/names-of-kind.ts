import type { StoredValue } from './stored.ts';

export function namesOfKind(
  values: readonly Pick<StoredValue, 'name' | 'kind'>[],
  kind: StoredValue['kind'],
): string[] {
  return values.filter((value) => value.kind === kind).map(({ name }) => name);
}
