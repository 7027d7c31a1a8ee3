import { z } from 'zod';

/** Integration ids are slugs: they stand in URLs, job names and log lines. */
export const integrationIdSchema = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/,
    'must be a slug: 1 to 63 lower-case letters, digits, "-" or "_", beginning and ending with a letter or digit',
  );

/** Commands are named for their command type, e.g. `GetInvoiceImage`. */
export const commandNameSchema = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/,
    'must begin with a letter and hold at most 64 letters, digits, "_", "." or "-"',
  );

const wellFormed = (value: string) => value.isWellFormed();
const illFormed = 'must not hold half of a surrogate pair';

/**
 * One line of ordinary text. Control characters are refused: PostgreSQL cannot store U+0000, and the others have no
 * place in a name. So are lone surrogates, which UTF-8 has no bytes for.
 */
export function lineOfText(maxLength: number) {
  return (
    z
      .string()
      .min(1)
      .max(maxLength)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
      .regex(/^[^\u0000-\u001f\u007f]*$/, 'must not hold control characters')
      .refine(wellFormed, illFormed)
  );
}

/** Text that may have several lines, but no U+0000. */
export function text(maxLength: number) {
  return z
    .string()
    .max(maxLength)
    .refine((value) => !value.includes('\u0000'), 'must not hold the character U+0000')
    .refine(wellFormed, illFormed);
}

export const accountSchema = lineOfText(200);
export const defaultAccount = 'default';

const reservedPrefix = 'errand.';

/** Why `name` cannot be a token's, variable's or secret's name; `null` if it can (contract §5). */
export function tokenNameProblem(name: string): string | null {
  if (name === '') return 'must not be empty';
  if (name.length > 100) return 'must hold at most 100 characters';
  if (name !== name.trim()) return 'must not begin or end with a space';
  if (/[{}]/.test(name)) return 'must not hold a brace';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f]/.test(name)) return 'must not hold a control character';
  if (!name.isWellFormed()) return 'must not hold half of a surrogate pair';
  if (name === '__proto__') return 'must not be "__proto__"';
  if (name.toLowerCase().startsWith(reservedPrefix))
    return `must not begin with "${reservedPrefix}", which is Errand's own`;
  return null;
}

/** The name of a token that a command type declares, or of an integration's variable or secret. */
export const tokenNameSchema = z.string().superRefine((name, context) => {
  const problem = tokenNameProblem(name);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
});

/** A media type, a class of them (`image/*`), or any: asterisk, slash, asterisk. */
export const mediaTypeSchema = z
  .string()
  .max(200)
  .regex(
    /^(?:\*\/\*|[!#$&^_.+a-z0-9-]+\/(?:[!#$&^_.+a-z0-9-]+|\*))$/i,
    'must be a media type such as application/pdf, image/* or */*',
  );
