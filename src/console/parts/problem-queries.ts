import { useQuery } from '@tanstack/react-query';
import type { ProblemGroupQuery } from '../../contract/problem-group.ts';
import { client } from '../client.ts';

/** What is wrong now. */
export function useProblems(query: ProblemGroupQuery, refreshMs: number) {
  return useQuery({
    queryKey: ['problems', query],
    queryFn: ({ signal }) => client.problems(query, { signal }),
    refetchInterval: refreshMs,
  });
}
