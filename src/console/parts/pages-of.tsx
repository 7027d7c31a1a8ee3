import { Button, Center } from '@mantine/core';
import { type QueryKey, useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Page } from '../../contract/paging.ts';
import { ErrorNotice } from './error-notice.tsx';
import { PageLoading } from './page-loading.tsx';

type PagesOptions<Item> = {
  queryKey: QueryKey;
  fetchPage: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<Item>>;
  /** How often what is shown is asked for anew, in milliseconds. */
  refreshMs?: number;
};

/** A list of the API, page after page, as far as somebody has asked for more. */
export function usePages<Item>({ queryKey, fetchPage, refreshMs }: PagesOptions<Item>) {
  return useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => fetchPage(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    refetchInterval: refreshMs ?? false,
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
