import { sourceTokens, type TokenValue } from '../contract/tokens.ts';
import type { CompiledRequest } from '../tokens/compile.ts';
import type { RenderedRequest, Rendering } from '../tokens/render.ts';

/** What a page of a schedule's source is asked for by. */
export type SourceValues = {
  /** `errand.since`: an ISO time, or empty. */
  since: string;
  /** What the page before it named as the next; empty on the first page; `null` where the source has no pages. */
  next: string | null;
};

export function isSourceToken(name: string): boolean {
  return (sourceTokens as readonly string[]).includes(name);
}

/** They are kept with the tokens of the page's invocation, so that each attempt, and whoever looks at it, sees the same. */
export function sourceTokensOf({ since, next }: SourceValues): [name: string, value: TokenValue][] {
  return [['errand.since', since], ...(next === null ? [] : [['errand.next', next] satisfies [string, string]])];
}

/**
 * The request for a further page of a source whose command does not use `{{errand.next}}`: what the page before it named
 * is then a URL, absolute or relative to the command's own. Only of the same origin, for the command's headers, with
 * secrets in them, go along.
 */
export function atNextPage(
  rendering: Rendering,
  { uses }: Pick<CompiledRequest, 'uses'>,
  next: TokenValue | undefined,
): Rendering {
  if (!rendering.ok || typeof next !== 'string' || next === '' || uses.includes('errand.next')) return rendering;
  const { request } = rendering;
  const url = URL.parse(next, request.url);
  const problem = urlProblem(url, request);
  if (url === null || problem !== null) {
    const message = `The source's page named a next page that ${problem} (source.next).`;
    return { ok: false, code: 'render-failed', message, where: 'request.url' };
  }
  url.hash = '';
  return { ok: true, request: { ...request, url: url.href } };
}

function urlProblem(url: URL | null, request: RenderedRequest): string | null {
  if (url === null) return 'is not a URL; a cursor has its place in the command as {{errand.next}}';
  if (url.origin !== URL.parse(request.url)?.origin)
    return 'lies on another server than the command, so it is not asked';
  if (url.username !== '' || url.password !== '') return 'holds user:password@';
  return null;
}
