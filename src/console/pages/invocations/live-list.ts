import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { client } from '../../client.ts';
import { type Filters, queryOf } from './filters.ts';

const refreshMs = 3_000;
/** Further down than this, somebody reads: rows must not move under their eyes. */
const topPx = 160;

/** The list, asked for anew every few seconds while it is `live`; more pages are asked for less often. */
export function useInvocations(filters: Filters, live: boolean) {
  return useInfiniteQuery({
    queryKey: ['invocations', filters],
    queryFn: ({ pageParam, signal }) =>
      client.listInvocations({ ...queryOf(filters, Date.now()), ...(pageParam && { cursor: pageParam }) }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    refetchInterval: ({ state }) => live && state.status !== 'error' && refreshMs * (state.data?.pages.length ?? 1),
    refetchOnWindowFocus: live,
  });
}

/** Is the window scrolled to its top? */
export function useAtTop(): boolean {
  const [atTop, setAtTop] = useState(true);
  useEffect(() => {
    const look = () => setAtTop(window.scrollY < topPx);
    look();
    window.addEventListener('scroll', look, { passive: true });
    return () => window.removeEventListener('scroll', look);
  }, []);
  return atTop;
}
