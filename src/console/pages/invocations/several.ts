import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError } from '../../../client/errors.ts';
import { client } from '../../client.ts';
import { countWords, many } from '../../parts/measures.ts';
import { failed, told } from '../../parts/tell.ts';

function useRefresh() {
  const queries = useQueryClient();
  return () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: ['invocations'] }),
      queries.invalidateQueries({ queryKey: ['invocation'] }),
    ]);
}

/** Retries them all by one call. */
export function useRetrySeveral(then: () => void) {
  const refresh = useRefresh();
  return async (ids: string[]) => {
    const { redriven } = await client.redrive({ ids });
    const left = ids.length - redriven;
    const rest = left === 0 ? '' : ` ${many(left, 'other')} had changed meanwhile.`;
    told(`${many(redriven, 'invocation')} will be tried again.${rest}`);
    then();
    await refresh();
  };
}

/** How far it is: `left` are still to be asked for, and of the others not all could be cancelled. */
export type Cancelling = { cancelled: number; left: number; of: number };

/** Few enough that nobody else's requests wait behind them. */
const atOnce = 4;

/** One call for each, a few at a time. */
export function useCancelSeveral(then: () => void) {
  const refresh = useRefresh();
  const [progress, setProgress] = useState<Cancelling | null>(null);
  const start = async (ids: readonly string[]) => {
    const waiting = [...ids];
    const tally: Tally = { cancelled: 0, ended: 0, problem: null, left: ids.length };
    const show = () => setProgress({ cancelled: tally.cancelled, left: tally.left, of: ids.length });
    show();
    const work = async () => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        await cancelOne(id, tally);
        show();
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    setProgress(null);
    tell(tally, ids.length);
    then();
    await refresh();
  };
  return { progress, start };
}

type Tally = { cancelled: number; ended: number; problem: unknown; left: number };

async function cancelOne(id: string, tally: Tally): Promise<void> {
  try {
    await client.cancelInvocation(id);
    tally.cancelled += 1;
  } catch (error) {
    if (error instanceof ApiError && error.type === 'conflict') tally.ended += 1;
    else tally.problem = error;
  }
  tally.left -= 1;
}

function tell({ cancelled, ended, problem }: Tally, of: number) {
  const words = [
    `${countWords(cancelled)} of ${countWords(of)} cancelled.`,
    ...(ended === 0 ? [] : [`${countWords(ended)} had ended already.`]),
  ].join(' ');
  if (problem === null) told(words);
  else failed(problem, `${words} Others were not.`);
}
