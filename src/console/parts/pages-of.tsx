import { Button, Center } from '@mantine/core';
import { type QueryKey, useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Page } from '../../contract/paging.ts';
import { ErrorNotice } from './error-notice.tsx';
import { PageLoading } from './page-loading.tsx';
import { refreshIn } from './refresh-in.ts';

type PagesOptions<Item> = {
  queryKey: QueryKey;
  fetchPage: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<Item>>;
  /** How often what is shown is asked for anew, in milliseconds. */
  refreshMs?: number;
  /** Not for now: somebody reads or selects. Default: it moves. */
  still?: boolean;
};

/** A list of the API, page after page, as far as somebody has asked for more. */
export function usePages<Item>({ queryKey, fetchPage, refreshMs, still = false }: PagesOptions<Item>) {
  return useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => fetchPage(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    refetchInterval: ({ state }) =>
      !still && refreshMs !== undefined && refreshIn(refreshMs, state.status === 'error', state.data?.pages.length),
    refetchOnWindowFocus: !still,
  });
}

type PagesProps<Item> = {
  pages: ReturnType<typeof usePages<Item>>;
  children: (items: Item[]) => ReactNode;
};

/** What has come of a list, and a button for more. */
export function PagesOf<Item>({ pages, children }: PagesProps<Item>) {
  if (pages.data === undefined) {
    return pages.isError ? <ErrorNotice error={pages.error} retry={() => pages.refetch()} /> : <PageLoading />;
  }
  return (
    <>
      {pages.isError && <ErrorNotice error={pages.error} retry={() => pages.refetch()} />}
      {children(pages.data.pages.flatMap(({ items }) => items))}
      {pages.hasNextPage && (
        <Center>
          <Button variant="default" loading={pages.isFetchingNextPage} onClick={() => pages.fetchNextPage()}>
            Show more
          </Button>
        </Center>
      )}
    </>
  );
}
