import type { ExpectedVersion } from '../integrations/expected-version.ts';
import { InvalidInput } from './validation.ts';

/** RFC 9110 §8.8.3. */
const entityTag = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/;
const list = new RegExp(`^${entityTag.source}(?:[ \\t]*,[ \\t]*${entityTag.source})*$`);

type Preconditions = { 'if-match'?: string | undefined; 'if-none-match'?: string | undefined };

/**
 * What a command must be for it to be saved: `If-None-Match: *` (RFC 9110 §13.1.2) has it that nothing is there,
 * `If-Match` that one of some versions is; `undefined` if there is neither.
 *
 * @throws InvalidInput where it is none: saving as if it had not been sent would be what it is to prevent.
 */
export function expectedVersion(headers: Preconditions): ExpectedVersion | undefined {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  if (noneMatch === undefined) return matching(match);
  if (match !== undefined) refuse('if-none-match', 'cannot hold together with If-Match: send one of them');
  if (noneMatch.trim() !== '*') refuse('if-none-match', 'must be *: save only if the command is not there');
  return 'absent';
}

/** It compares strongly (RFC 9110 §13.1.1), so weak tags name no version, nor do those that we never gave out. */
function matching(header: string | undefined): ExpectedVersion | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (text === '*') return '*';
  if (!list.test(text)) {
    refuse('if-match', 'must be the ETag of a version, in quotes, such as "3", or * for any');
  }
  return text
    .split(/[ \t]*,[ \t]*/)
    .flatMap((tag) => (/^"[1-9][0-9]{0,8}"$/.test(tag) ? [Number(tag.slice(1, -1))] : []));
}

function refuse(path: keyof Preconditions, message: string): never {
  throw new InvalidInput('headers', [{ path, message }]);
}
