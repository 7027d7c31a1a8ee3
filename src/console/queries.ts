import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { isSignedOut } from './session-state.ts';

/** Whoever was refused learns it at once, not when the session is next looked at. */
function lookAtSession(error: unknown): void {
  if (isSignedOut(error) && queries.getQueryState(['session'])?.status === 'success') {
    void queries.invalidateQueries({ queryKey: ['session'] });
  }
}

/** What the API answered does not get better by asking again; that it did not answer does, and the client tries that by itself. */
export const queries = new QueryClient({
  queryCache: new QueryCache({ onError: lookAtSession }),
  mutationCache: new MutationCache({ onError: lookAtSession }),
  defaultOptions: {
    queries: { retry: false, staleTime: 2_000, refetchOnWindowFocus: true },
    mutations: { retry: false },
  },
});
