import { Readable } from 'node:stream';
import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { type BatchItem, batchItemSchema } from '../contract/batch.ts';
import { fieldErrors } from '../contract/field-errors.ts';
import type { FieldError } from '../contract/problem.ts';
import { wording } from '../contract/wording.ts';
import { ProblemError } from './problems.ts';

const parts: Readonly<Record<string, string>> = {
  body: 'The body is not valid.',
  querystring: 'The query parameters are not valid.',
  params: 'The path is not valid.',
};

/** A part of a request does not fit its schema. */
export class InvalidInput extends Error {
  readonly errors: readonly FieldError[];

  constructor(part: string, errors: readonly FieldError[]) {
    super(parts[part] ?? 'The request is not valid.');
    this.name = 'InvalidInput';
    this.errors = errors;
  }

  toProblem(): ProblemError {
    return new ProblemError('invalid', this.message, { errors: this.errors });
  }
}

/** Checks bodies, query parameters and path parameters against the routes' zod schemas. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> =
  ({ schema, httpPart = '' }) =>
  (data: unknown) => {
    // A stream has no shape yet: its route checks what comes of it, piece by piece.
    if (isStream(data)) return { value: data };
    const unfit = httpPart === 'body' ? [] : unfitText(data);
    if (unfit.length > 0) return { error: new InvalidInput(httpPart, unfit) };
    const result = schema.safeParse(data, { error: wording });
    if (result.success) return { value: result.data };
    return { error: new InvalidInput(httpPart, fieldErrors(result.error.issues)) };
  };

/** A body that is read while it arrives. */
export const isStream = (body: unknown): body is Readable => body instanceof Readable;

/** Checks an item of a batch; an item has the words of a body. */
export function checkItem(value: unknown): { ok: true; item: BatchItem } | { ok: false; errors: FieldError[] } {
  const result = batchItemSchema.safeParse(value, { error: wording });
  if (result.success) return { ok: true, item: result.data };
  return { ok: false, errors: fieldErrors(result.error.issues) };
}

/** Checks what no route's schema has checked. @throws InvalidInput */
export function check<Schema extends z.ZodType>(schema: Schema, data: unknown, part: string): z.infer<Schema> {
  const result = schema.safeParse(data, { error: wording });
  if (!result.success) throw new InvalidInput(part, fieldErrors(result.error.issues));
  return result.data;
}

/** What no parameter may be, whatever its schema: given twice, or holding a character that PostgreSQL cannot store. */
function unfitText(parameters: unknown): FieldError[] {
  return Object.entries(parameters ?? {}).flatMap(([path, value]) => {
    // zod would drop it in silence.
    if (path === '__proto__') return [{ path, message: 'is not known here' }];
    if (Array.isArray(value)) return [{ path, message: 'is given more than once' }];
    const nul = typeof value === 'string' && value.includes('\u0000');
    return nul ? [{ path, message: 'must not hold the character U+0000' }] : [];
  });
}

/** Answers are typed by their schemas where they are made, so that checking each again would only cost time. */
export const serializerCompiler = () => (answer: unknown) => JSON.stringify(answer);
