import { ApiError } from '../../../client/errors.ts';

/** What the API says of the seal that was given, at the fields. */
export function placeKept(error: unknown): Record<string, string> {
  const errors = error instanceof ApiError ? error.errors : [];
  return Object.fromEntries(
    errors.filter(({ path }) => path === 'number' || path === 'head').map(({ path, message }) => [path, message]),
  );
}
