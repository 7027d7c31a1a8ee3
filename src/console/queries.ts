import { QueryClient } from '@tanstack/react-query';
import { ApiError } from '../client/errors.ts';

/** What the API answered does not get better by asking again; that it did not answer does, and the client tries that by itself. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: false, staleTime: 2_000, refetchOnWindowFocus: true },
    mutations: { retry: false },
  },
});

/** Is the session over, or was there none? */
export const isSignedOut = (error: unknown) => error instanceof ApiError && error.problem.status === 401;
