import { z } from 'zod';

export const fieldErrorSchema = z.strictObject({ path: z.string(), message: z.string() });
/** What is wrong with one field: `path` as in `request.headers.0.value`, `message` says what would be right. */
export type FieldError = z.infer<typeof fieldErrorSchema>;

/** RFC 9457 problem details; every error answer of the API. */
export const problemSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  errors: z.array(fieldErrorSchema).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/**
 * The problems that use cases know of; api/ gives each its status (422, 404, 409, 412, 403, 503).
 */
export const refusalKinds = [
  'invalid',
  'not-found',
  'conflict',
  'changed-meanwhile',
  'forbidden',
  'unavailable',
] as const;
export type RefusalKind = (typeof refusalKinds)[number];

/** A use case refuses: what was asked cannot be done, and nothing was. */
export class Refusal extends Error {
  readonly kind: RefusalKind;
  readonly errors: readonly FieldError[];

  /** `options.cause`: for the log; nobody else is told. */
  constructor(kind: RefusalKind, detail: string, errors: readonly FieldError[] = [], options: ErrorOptions = {}) {
    super(detail, options);
    this.name = 'Refusal';
    this.kind = kind;
    this.errors = errors;
  }
}
