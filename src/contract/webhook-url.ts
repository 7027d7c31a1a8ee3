import { z } from 'zod';
import { parseUrl } from './parse-url.ts';

const maxLength = 2_048;

/** Why Errand would not send a webhook to this URL, as far as the URL itself tells; `null` if it would. */
export function webhookUrlProblem(text: string): string | null {
  if (text.includes('{{')) return 'takes no tokens ({{…}}), they have no place here: write out the URL itself';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u0020\u007f\\]/.test(text)) return 'must not hold spaces, control characters or backslashes';
  if (!text.isWellFormed()) return 'must not hold half of a surrogate pair';
  if (!/^https?:\/\//i.test(text)) return 'must begin with http:// or https://';
  const url = parseUrl(text);
  if (url === null) return 'is not a URL: look at its host and port';
  if (url.username !== '' || url.password !== '') return 'must not hold user:password@';
  if (text.includes('#')) return 'must not have a fragment ("#…"), which is never sent';
  return null;
}

/** A URL that Errand sends webhooks to. Whether it may be reached is decided when it is. */
export const webhookUrlSchema = z
  .string()
  .max(maxLength)
  .superRefine((text, context) => {
    const problem = webhookUrlProblem(text);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  });

/** Where a producer wants to be told that what it asked for has ended. */
export const callbackUrlSchema = webhookUrlSchema.describe(
  'Told once it has ended, by a signed webhook (docs/notifications.md).',
);
