import type { PageQuery } from '../contract/paging.ts';

/** `?limit` and `?cursor` of a list, with its filters. */
export type ListQuery<Filter = object> = Filter & Partial<PageQuery>;

/** The path of a thing under `/v1`. */
export const at = (...segments: string[]) => `/v1/${segments.map(encodeURIComponent).join('/')}`;

/** A path with its parameters; those without a value are left out. */
export function withQuery(path: string, query: object): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  return parameters.size === 0 ? path : `${path}?${parameters}`;
}

/** The answer's body. */
export async function json<Answer>(response: Promise<Response>): Promise<Answer> {
  return (await (await response).json()) as Answer;
}

/** Not `crypto.randomUUID`, which browsers have on https only. */
export function newIdempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
