import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ApiError } from '../../../client/errors.ts';
import { client } from '../../client.ts';
import { commandBody, type Draft } from './draft.ts';
import type { Drafting } from './use-draft.ts';

/** `ifVersion`: what it is saved on top of; `null`: nothing is there. */
export type Saving = { draft: Draft; ifVersion: number | null };

export function useSave(integration: string, command: string, { saved }: Drafting) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ draft, ifVersion }: Saving) =>
      client.putCommand(integration, command, commandBody(draft), { ifVersion }),
    onSuccess: (answer, { draft }) => {
      saved(answer, draft);
      // What is loaded here is what was just saved; every other page looks again.
      return queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'command-editor' });
    },
  });
}
export type Save = ReturnType<typeof useSave>;

/** Has somebody else saved since this was loaded? */
export const isChangedMeanwhile = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.status === 412;
