import { z } from 'zod';
import type { FieldError } from '../../contract/problem.ts';
import { closest, hintFor } from '../../contract/wording.ts';

/** Content in which names that are not known are those that were probably meant. */
export type Spelt = {
  content: unknown;
  /** What was misspelt, where it stands. */
  errors: readonly FieldError[];
  /** What stands below names that are not right themselves, which zod does not look at. */
  badlyNamed: readonly BadlyNamed[];
  /** The path by which a file has what is at that path of the content. */
  writtenAs(path: string): string;
};

/** `path`: with names as they were meant. `written`: as they are. */
type At = { path: readonly string[]; written: readonly string[] };
type BadlyNamed = { path: readonly string[]; schema: z.ZodType; value: unknown };
type Found = { errors: FieldError[]; misspelt: At[]; badlyNamed: BadlyNamed[] };

/** Reads misspelt names as what the hint says, so that what stands below them is checked, and is not missing elsewhere. */
export function spelt(schema: z.ZodType, written: unknown): Spelt {
  const found: Found = { errors: [], misspelt: [], badlyNamed: [] };
  const content = read(schema, written, { path: [], written: [] }, found);
  return { ...found, content, writtenAs: (path) => writtenAs(path, found.misspelt) };
}

function read(schema: z.ZodType, value: unknown, at: At, found: Found): unknown {
  const known = bare(schema);
  if (known instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((item, index) => read(known.element as z.ZodType, item, below(at, String(index)), found));
  }
  if (!isMap(value)) return value;
  if (known instanceof z.ZodRecord) return readRecord(known, value, at, found);
  return known instanceof z.ZodObject ? readObject(known.shape, value, at, found) : value;
}

function readRecord(record: z.ZodRecord, values: Record<string, unknown>, at: At, found: Found) {
  const schema = record.valueType as z.ZodType;
  const entries = Object.entries(values).map(([name, written]) => {
    const here = below(at, name);
    const value = read(schema, written, here, found);
    if (!(record.keyType as z.ZodType).safeParse(name).success) {
      found.badlyNamed.push({ path: here.path, schema, value });
    }
    return [name, value];
  });
  return Object.fromEntries(entries);
}

function readObject(
  shape: Readonly<Record<string, z.ZodType>>,
  written: Record<string, unknown>,
  at: At,
  found: Found,
) {
  const known = Object.keys(shape);
  const result = { ...written };
  for (const [name, value] of Object.entries(written)) {
    const meant = known.includes(name) ? name : closest(name, known);
    if (meant === null || (meant !== name && Object.hasOwn(result, meant))) continue;
    const here = { path: [...at.path, meant], written: [...at.written, name] };
    if (meant !== name) {
      delete result[name];
      found.misspelt.push(here);
      found.errors.push({ path: here.written.join('.'), message: `is not known here.${hintFor(name, known)}` });
    }
    result[meant] = read(shape[meant] as z.ZodType, value, here, found);
  }
  return result;
}

function writtenAs(path: string, misspelt: readonly At[]): string {
  const [longest] = misspelt
    .map((at) => ({ meant: at.path.join('.'), written: at.written.join('.') }))
    .filter(({ meant }) => isWithin(path, meant))
    .sort((one, other) => other.meant.length - one.meant.length);
  return longest === undefined ? path : longest.written + path.slice(longest.meant.length);
}

/** Is it that path, or one below it? */
export function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`);
}

function below({ path, written }: At, name: string): At {
  return { path: [...path, name], written: [...written, name] };
}

function bare(schema: z.ZodType): z.ZodType {
  const wrapped = schema instanceof z.ZodOptional || schema instanceof z.ZodNullable;
  return wrapped ? bare(schema.unwrap() as z.ZodType) : schema;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
