import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { Batch } from '../../../contract/batch.ts';
import { client } from '../../client.ts';
import { callbackIn } from '../../parts/callback-in.ts';
import { endedOf } from '../../parts/counts-bar.tsx';
import { follow } from './follow.ts';

/** A batch that moves by itself until its end, by the API's events. */
export function useBatch(id: string) {
  const queries = useQueryClient();
  const query = useQuery({
    queryKey: ['batch', id],
    queryFn: ({ signal }) => client.batch(id, { signal }),
    // Until its end the events tell; what becomes of its callback comes after that.
    refetchInterval: ({ state }) => callbackIn(state.data?.callback, Date.now()),
  });
  const open = query.data !== undefined && query.data.finishedAt === null;
  const { refetch } = query;
  useEffect(() => {
    if (!open) return;
    const leaving = new AbortController();
    const see = (batch: Batch) => queries.setQueryData(['batch', id], batch);
    const wait = () => client.waitForBatch(id, { onProgress: see, signal: leaving.signal });
    const ended = async (batch: Batch) => {
      see(batch);
      await queries.invalidateQueries({ queryKey: ['batch', id, 'report'] });
    };
    // It has tried long enough by itself: asking once more shows what is wrong.
    void follow({ wait, ended, failed: refetch, signal: leaving.signal });
    return () => leaving.abort(new DOMException('The page was left.', 'AbortError'));
  }, [id, open, queries, refetch]);
  return query;
}

type Sample = { at: number; ended: number };
/** The pace is that of the last so many milliseconds. */
const paceMs = 15_000;

/** How many end each second, by how it moved while it was looked at; `null` until that can be told. */
export function usePace(batch: Batch): number | null {
  const samples = useRef<Sample[]>([]);
  const [pace, setPace] = useState<number | null>(null);
  const ended = endedOf(batch);
  const open = batch.finishedAt === null;
  useEffect(() => {
    if (!open) {
      samples.current = [];
      setPace(null);
      return;
    }
    const look = () => {
      const now = performance.now();
      const kept = samples.current.filter(({ at }) => at > now - paceMs);
      samples.current = [...kept, { at: now, ended }];
      const [first] = samples.current;
      if (first === undefined || now - first.at < 1_000) return;
      setPace(Math.max(0, (ended - first.ended) / ((now - first.at) / 1_000)));
    };
    look();
    // Also while nothing comes: then it slows down to nothing.
    const timer = setInterval(look, 2_000);
    return () => clearInterval(timer);
  }, [ended, open]);
  return pace;
}
