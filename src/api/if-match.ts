import type { ExpectedVersion } from '../integrations/expected-version.ts';
import { InvalidInput } from './validation.ts';

/** RFC 9110 §8.8.3. */
const entityTag = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/;
const list = new RegExp(`^${entityTag.source}(?:[ \\t]*,[ \\t]*${entityTag.source})*$`);

/**
 * The versions that `If-Match` names (RFC 9110 §13.1.1); `undefined` if it is not there. It compares strongly, so weak
 * tags name none, nor do those that we never gave out.
 *
 * @throws InvalidInput where it is none: saving as if it had not been sent would be what it is to prevent.
 */
export function expectedVersion(header: string | undefined): ExpectedVersion | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (text === '*') return '*';
  if (!list.test(text)) {
    const message = 'must be the ETag of a version, in quotes, such as "3", or * for any';
    throw new InvalidInput('headers', [{ path: 'if-match', message }]);
  }
  return text
    .split(/[ \t]*,[ \t]*/)
    .flatMap((tag) => (/^"[1-9][0-9]{0,8}"$/.test(tag) ? [Number(tag.slice(1, -1))] : []));
}
