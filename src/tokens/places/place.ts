import type { TokenValue } from '../../contract/tokens.ts';
import type { AvailableToken } from '../names.ts';

/** Why a value cannot stand where the template puts it; reads after "The value of {{Name}} ". Never holds the value. */
export type Unfit = { unfit: string };

/** Writes a value so that it cannot break out of its place. */
export type Encode = (value: TokenValue) => string | Unfit;

/** What stands for a secret's or a sensitive token's value wherever a request is shown. Legal in every place as it is. */
export const mask = '***';

/** A token's place in a compiled template. */
export type Hole = {
  /** The name its value is looked up by: aliases are folded. */
  readonly name: string;
  readonly encode: Encode;
  /** The mask as it is written here: in JSON outside of strings it needs its own quotes. */
  readonly mask: string;
};

/** A compiled text: literals, finished as they will be sent, and the tokens' places between them. */
export type Pieces = readonly (string | Hole)[];

/** A segment whose token is known to exist. */
export type Placed =
  | { kind: 'literal'; text: string; offset: number }
  | { kind: 'token'; written: string; token: AvailableToken; offset: number };

/** A template's field, compiled, or everything that is wrong with it. */
export type CompiledField<Compiled> = { ok: true; compiled: Compiled } | { ok: false; errors: readonly string[] };

export const halfCharacter: Unfit = {
  unfit: 'holds half of a surrogate pair, which is no character and cannot be sent',
};

/** The text of a value, for every place but JSON outside of strings. */
export function textOf(value: TokenValue): string | Unfit {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const kind = value === null ? 'null' : Array.isArray(value) ? 'an array' : 'an object';
  return { unfit: `is ${kind}, which has a place only in a JSON body, outside of quotes` };
}

/** The encoder of a place for text, given how it encodes a well-formed string. */
export function encodeText(encode: (text: string) => string | Unfit): Encode {
  return (value) => {
    const text = textOf(value);
    if (typeof text !== 'string') return text;
    return text.isWellFormed() ? encode(text) : halfCharacter;
  };
}

/** Pieces with the same encoder in every place. */
export function uniform(placed: readonly Placed[], encode: Encode): Pieces {
  return placed.map((one) => (one.kind === 'literal' ? one.text : { name: one.token.name, encode, mask }));
}
