import { Unauthenticated } from '../access/authenticate.ts';
import { Refusal, type RefusalKind } from '../contract/problem.ts';
import { isUnavailable, isUnmigrated } from '../platform/pg.ts';
import { ProblemError, type ProblemName, problemCatalogue, problemNames } from './problems.ts';
import { InvalidInput } from './validation.ts';

const ofRefusal = {
  invalid: 'invalid',
  'not-found': 'not-found',
  conflict: 'conflict',
  'changed-meanwhile': 'changed-meanwhile',
  forbidden: 'forbidden',
  unavailable: 'unavailable',
} as const satisfies Record<RefusalKind, ProblemName>;

/** Long enough for a database to restart, short enough that nobody gives up. */
const retryAfter = { 'retry-after': '5' };

/** What fastify says of a body, in the words of an API's user. */
const ofFastify: Readonly<Record<string, (error: Error, bodyLimit: number) => ProblemError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: (_error, bodyLimit) => {
    const most = `${bodyLimit / 1024 ** 2} MiB (${bodyLimit.toLocaleString('en-US')} bytes)`;
    return new ProblemError('too-large', `The body may hold at most ${most}.`);
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new ProblemError('unsupported-media-type', 'The body must be JSON: send Content-Type: application/json.', {
      headers: { 'accept-post': 'application/json' },
    }),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new ProblemError('malformed-request', 'The body is not as long as Content-Length says.'),
  FST_ERR_BAD_URL: () => new ProblemError('malformed-request', 'The path is not properly percent-encoded.'),
  FST_ERR_MAX_PARAM_LENGTH: () => new ProblemError('not-found', 'There is nothing with a name of that length.'),
};

const awayDetail = 'The database or the queue cannot be reached. Try again in a few seconds.';
/** As between the start of `errand up`, or of a new version, and the end of its migrations. */
const unmigratedDetail =
  'The database lacks what this version needs: it is being migrated, or waits for "errand migrate". Try again in a few seconds.';

function away(detail: string, cause: unknown): ProblemError {
  return new ProblemError('unavailable', detail, { headers: retryAfter, cause });
}

/**
 * Any error as the problem that it is to the client. What nobody foresaw is `internal`, and says nothing of itself.
 *
 * @param bodyLimit of the route, in bytes
 */
export function problemOf(error: unknown, bodyLimit: number): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof InvalidInput) return error.toProblem();
  if (error instanceof Unauthenticated) return unauthenticated(error);
  if (error instanceof Refusal) {
    const headers = error.kind === 'unavailable' ? retryAfter : {};
    return new ProblemError(ofRefusal[error.kind], error.message, { errors: error.errors, headers, cause: error });
  }
  if (isUnavailable(error)) return away(awayDetail, error);
  if (isUnmigrated(error)) return away(unmigratedDetail, error);
  return ofForeign(error, bodyLimit);
}

function unauthenticated({ message, keyGiven }: Unauthenticated): ProblemError {
  const challenge = 'Bearer realm="errand"';
  const headers = { 'www-authenticate': keyGiven ? `${challenge}, error="invalid_token"` : challenge };
  return new ProblemError('unauthenticated', message, { headers });
}

function ofForeign(error: unknown, bodyLimit: number): ProblemError {
  if (error instanceof Error) {
    const { code, statusCode } = error as Error & { code?: unknown; statusCode?: unknown };
    const known = typeof code === 'string' ? ofFastify[code] : undefined;
    if (known !== undefined) return known(error, bodyLimit);
    // Fastify's and its plugins' other errors carry a status; those of the client's making may tell what was wrong.
    const name = problemNames.find((each) => problemCatalogue[each].status === statusCode);
    if (name !== undefined && typeof statusCode === 'number' && statusCode < 500) {
      return new ProblemError(name, error.message);
    }
  }
  return new ProblemError(
    'internal',
    'Something went wrong in Errand. Its log has the details under the X-Request-Id.',
    {
      cause: error,
    },
  );
}
