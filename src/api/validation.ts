import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import type { FieldError } from '../contract/problem.ts';
import { fieldErrors } from './field-errors.ts';
import { ProblemError } from './problems.ts';
import { wording } from './wording.ts';

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
    const unfit = httpPart === 'body' ? [] : unfitText(data);
    if (unfit.length > 0) return { error: new InvalidInput(httpPart, unfit) };
    const result = schema.safeParse(data, { error: wording });
    if (result.success) return { value: result.data };
    return { error: new InvalidInput(httpPart, fieldErrors(result.error.issues)) };
  };

/** What no parameter may be, whatever its schema: given twice, or holding a character that PostgreSQL cannot store. */
function unfitText(parameters: unknown): FieldError[] {
  return Object.entries(parameters ?? {}).flatMap(([path, value]) => {
    if (Array.isArray(value)) return [{ path, message: 'is given more than once' }];
    const nul = typeof value === 'string' && value.includes('\u0000');
    return nul ? [{ path, message: 'must not hold the character U+0000' }] : [];
  });
}

/** Answers are typed by their schemas where they are made, so that checking each again would only cost time. */
export const serializerCompiler = () => (answer: unknown) => JSON.stringify(answer);
