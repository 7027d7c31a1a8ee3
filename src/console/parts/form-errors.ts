import { ApiError } from '../../client/errors.ts';

/**
 * What the API says of single fields, by the form's own names for them, and the whole error where some of it has no
 * place in the form.
 *
 * @param fieldOf the form's name for a path of the API; `null`: it has none
 */
export function placeErrors(
  error: unknown,
  fieldOf: (path: string) => string | null,
): { fields: Record<string, string>; rest: unknown } {
  const errors = error instanceof ApiError ? error.errors : [];
  const fields: Record<string, string> = {};
  let placed = 0;
  for (const { path, message } of errors) {
    const field = fieldOf(path);
    if (field === null) continue;
    fields[field] = field in fields ? `${fields[field]}; ${message}` : message;
    placed += 1;
  }
  return { fields, rest: errors.length > 0 && placed === errors.length ? null : error };
}
