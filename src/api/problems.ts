import { z } from 'zod';
import { failureSchema } from '../contract/errors.ts';
import { type FieldError, type Problem, problemSchema } from '../contract/problem.ts';

/**
 * Every problem the API answers with (RFC 9457): one catalogue for code, OpenAPI and docs/api.md. `type` is
 * `urn:errand:problem:<name>`; match it or the status, never the text.
 */
export const problemCatalogue = {
  'malformed-request': { status: 400, title: 'The request could not be read' },
  unauthenticated: { status: 401, title: 'An API key is needed' },
  forbidden: { status: 403, title: 'The API key may not do this' },
  'not-found': { status: 404, title: 'There is no such thing' },
  'method-not-allowed': { status: 405, title: 'The resource does not know this method' },
  'request-timeout': { status: 408, title: 'The request took too long to arrive' },
  conflict: { status: 409, title: 'This conflicts with what is there' },
  'invocation-cancelled': { status: 409, title: 'The invocation was cancelled' },
  'changed-meanwhile': { status: 412, title: 'It was changed meanwhile' },
  'too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body is not of a type that is understood here' },
  invalid: { status: 422, title: 'The input is not valid' },
  'too-many-requests': { status: 429, title: 'Too many failed attempts' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'Errand failed' },
  'invocation-failed': { status: 502, title: 'The invocation failed' },
  unavailable: { status: 503, title: 'Errand cannot do this right now' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemName = keyof typeof problemCatalogue;
export const problemNames = Object.keys(problemCatalogue) as readonly ProblemName[];

export const problemMediaType = 'application/problem+json';

export const problemType = (name: ProblemName) => `urn:errand:problem:${name}`;

/** A problem with the members that a failed invocation adds where its bytes were asked for (RFC 9457 §3.2). */
export const anyProblemSchema = problemSchema.extend({
  invocation: z.uuid().optional(),
  error: failureSchema.optional(),
});
type ProblemBody = z.infer<typeof anyProblemSchema>;

export type ProblemOptions = {
  errors?: readonly FieldError[];
  headers?: Readonly<Record<string, string>>;
  members?: Pick<ProblemBody, 'invocation' | 'error'>;
  cause?: unknown;
};

/** Thrown in api/ to answer with a problem. */
export class ProblemError extends Error {
  readonly problem: ProblemName;
  readonly options: ProblemOptions;

  constructor(problem: ProblemName, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause });
    this.name = 'ProblemError';
    this.problem = problem;
    this.options = options;
  }
}

/** The body to answer with. */
export function problemBody({ problem, message, options }: ProblemError): Problem {
  const { status, title } = problemCatalogue[problem];
  const { errors = [] } = options;
  const body: ProblemBody = { type: problemType(problem), title, status, detail: message, ...options.members };
  return errors.length === 0 ? body : { ...body, errors: [...errors] };
}
