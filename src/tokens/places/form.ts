import { encodeFormText, unfinishedEscapes } from './percent.ts';
import { type CompiledField, type Pieces, type Placed, uniform } from './place.ts';

/** A form's body: its literals are the author's own encoding, values are form-encoded. */
export function compileForm(placed: readonly Placed[]): CompiledField<Pieces> {
  const errors = unfinishedEscapes(placed);
  return errors.length > 0 ? { ok: false, errors } : { ok: true, compiled: uniform(placed, encodeFormText) };
}
