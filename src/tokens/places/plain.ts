import { type CompiledField, encodeText, type Pieces, type Placed, uniform } from './place.ts';

/** A body of no known syntax: values go as they are. */
const encodePlainText = encodeText((text) => text);

export function compilePlain(placed: readonly Placed[]): CompiledField<Pieces> {
  return { ok: true, compiled: uniform(placed, encodePlainText) };
}
