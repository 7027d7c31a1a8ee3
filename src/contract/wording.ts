import { distance } from 'fastest-levenshtein';
import type { z } from 'zod';

/** What an unknown name could have been: the closest of `known`, or all of them if there are few. */
export function hintFor(name: string, known: readonly string[]): string {
  const near = closest(name, known);
  if (near !== null) return ` Did you mean "${near}"?`;
  if (known.length === 0 || known.length > 12) return '';
  return ` Known are ${known.map((each) => `"${each}"`).join(', ')}.`;
}

/** The one that was probably meant; `null`: none is near. */
export function closest(name: string, known: readonly string[]): string | null {
  const lower = name.slice(0, 100).toLowerCase();
  const ranked = known
    .map((each) => ({ each, far: slips(lower, each.toLowerCase()) }))
    .filter(({ each, far }) => far <= Math.max(1, Math.floor(Math.min(each.length, lower.length) / 3)))
    .sort((one, other) => one.far - other.far);
  return ranked[0]?.each ?? null;
}

/** Letters that changed places with their neighbours are one slip, not two. */
function slips(one: string, other: string): number {
  const at = one.split('').findIndex((letter, index) => letter !== other[index]);
  const swapped = one.slice(0, at) + one.charAt(at + 1) + one.charAt(at) + one.slice(at + 2);
  return at !== -1 && swapped === other ? 1 : distance(one, other);
}

const nouns: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  null: 'null',
  array: 'an array',
  object: 'an object',
  record: 'an object',
};

/** "a number", "an object": what a value of this type is called. */
export const nounOf = (type: string) => nouns[type] ?? type;

function nounOfValue(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return 'a string';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'that';
  return 'an object';
}

export const quoted = (value: unknown) => (typeof value === 'string' ? `"${value}"` : String(value));

const counted = (count: number | bigint, unit: string) => `${count} ${unit}${Number(count) === 1 ? '' : 's'}`;

function sizeMessage(origin: string, side: 'least' | 'most', bound: number | bigint): string {
  if (side === 'least' && Number(bound) === 1 && origin !== 'number' && origin !== 'int') return 'must not be empty';
  switch (origin) {
    case 'string':
      return `must hold at ${side} ${counted(bound, 'character')}`;
    case 'array':
    case 'set':
      return `must hold at ${side} ${counted(bound, 'item')}`;
    default:
      return `must be at ${side} ${bound}`;
  }
}

const formats: Readonly<Record<string, string>> = {
  datetime: 'must be a time as of ISO 8601 with its zone, such as 2026-01-31T02:00:00Z',
  uuid: 'must be a UUID',
};

/** The keys that an object schema knows, where `instance` is one. */
function knownKeys(instance: unknown): string[] {
  const definition = (instance as { _zod?: { def?: { shape?: object } } } | undefined)?._zod?.def;
  return Object.keys(definition?.shape ?? {});
}

/**
 * Says what is wrong and what would be right, to follow a path: "retry.attempts: must be at least 1". Messages that the
 * contract's schemas give themselves come before these.
 *
 * For unknown keys the message has a line for each of them, in their order: `fieldErrors` takes them apart.
 */
export const wording: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is required';
      return `must be ${nounOf(issue.expected)}, not ${nounOfValue(issue.input)}`;
    case 'invalid_value': {
      const choices = issue.values.map(quoted);
      const rightly = choices.length === 1 ? `must be ${choices[0]}` : `must be one of ${choices.join(', ')}`;
      if (issue.input === undefined) return `is required: ${rightly}`;
      const near = typeof issue.input === 'string' ? closest(issue.input, issue.values.map(String)) : null;
      return near === null || choices.length === 1 ? rightly : `${rightly}. Did you mean "${near}"?`;
    }
    case 'too_small':
      return sizeMessage(issue.origin, 'least', issue.minimum);
    case 'too_big':
      return sizeMessage(issue.origin, 'most', issue.maximum);
    case 'invalid_format':
      return formats[issue.format];
    case 'unrecognized_keys': {
      const known = knownKeys(issue.inst);
      return issue.keys.map((key) => `is not known here.${hintFor(key, known)}`).join('\n');
    }
    default:
      return undefined;
  }
};
