import type { Answer } from './exchange.ts';

/** What an answer says of its own version, for asking next time whether it still holds (RFC 9110 §8.8), as it came. */
export type Validators = { etag: string | null; lastModified: string | null };

export const noValidators: Validators = { etag: null, lastModified: null };

/** As RFC 9110 §8.8.3 has it; or without the quotes, as some servers send it, if it can be read as one tag only. */
const etagPattern = /^(?:(?:W\/)?"[\x21\x23-\x7e]{0,500}"|[A-Za-z0-9+/=._:-]{1,500})$/;
const datePattern = /^[A-Za-z0-9 ,:+-]{1,40}$/;
/** A second change within the second that `Last-Modified` names would never be noticed (RFC 9110 §8.8.2.2). */
const settledMs = 1_000;

/** The validators of a good answer; what is given twice, or cannot be sent back as it came, counts as not given. */
export function validatorsOf({ headers }: Pick<Answer, 'headers'>): Validators {
  const only = (name: string): string | null => {
    const values = headers.filter(({ key }) => key.toLowerCase() === name).map(({ value }) => value.trim());
    return values.length === 1 ? (values[0] ?? null) : null;
  };
  const etag = only('etag');
  const lastModified = only('last-modified');
  const date = only('date');
  return {
    etag: etag !== null && etagPattern.test(etag) ? etag : null,
    lastModified: lastModified !== null && isSettled(lastModified, date) ? lastModified : null,
  };
}

function isSettled(lastModified: string, date: string | null): boolean {
  const at = Date.parse(lastModified);
  if (!datePattern.test(lastModified) || Number.isNaN(at)) return false;
  const answered = date === null ? Number.NaN : Date.parse(date);
  return Number.isNaN(answered) || answered - at >= settledMs;
}

/** The headers that ask for the answer only if it is another one by now (RFC 9110 §13.1). */
export function conditionalHeaders({ etag, lastModified }: Validators): { key: string; value: string }[] {
  return [
    ...(etag === null ? [] : [{ key: 'If-None-Match', value: etag }]),
    ...(lastModified === null ? [] : [{ key: 'If-Modified-Since', value: lastModified }]),
  ];
}

const conditional = /^(?:if-none-match|if-modified-since|if-match|if-unmodified-since|if-range)$/i;

/** Does a header make a request conditional? */
export function isConditional(header: string): boolean {
  return conditional.test(header);
}
