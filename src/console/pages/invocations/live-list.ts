import { useEffect, useState } from 'react';
import { client } from '../../client.ts';
import { usePages } from '../../parts/pages-of.tsx';
import { type Filters, queryOf } from './filters.ts';

const refreshMs = 3_000;
/** Further down than this, somebody reads: rows must not move under their eyes. */
const topPx = 160;

/** The list, asked for anew every few seconds while it is `live`. */
export function useInvocations(filters: Filters, live: boolean) {
  return usePages({
    queryKey: ['invocations', filters],
    fetchPage: (cursor, signal) =>
      client.listInvocations({ ...queryOf(filters, Date.now()), ...(cursor && { cursor }) }, { signal }),
    refreshMs,
    still: !live,
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
