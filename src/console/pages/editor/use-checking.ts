import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { CommandBody } from '../../../contract/command.ts';
import type { AttemptPlan, AvailableToken, UsedToken } from '../../../contract/command-check.ts';
import type { FieldError } from '../../../contract/problem.ts';
import { client } from '../../client.ts';
import { useCan } from '../../session.tsx';
import type { Names } from './token-marks.ts';

const typingMs = 250;

/** What the API says of the draft while it is being written. */
export type Checking = {
  errors: readonly FieldError[];
  available: readonly AvailableToken[];
  names: Names;
  used: readonly UsedToken[];
  plan: { interactive: AttemptPlan; batch: AttemptPlan } | null;
  /** Is what is told of the draft as it is now? */
  upToDate: boolean;
  failure: unknown;
  /** The messages for a field, and for what is within it. */
  errorsAt: (path: string) => string[];
  /** The tokens of a field; `null` while it has another text than the one that was checked. */
  tokensAt: (path: string, text: string) => readonly UsedToken[] | null;
};

/** Asks again when somebody has stopped typing for a moment. The answer is always the one for the newest draft that has one. */
export function useChecking(id: string, command: string, draft: CommandBody): Checking {
  const allowed = useCan('commands.preview');
  const [settled] = useDebouncedValue(draft, typingMs);
  const { data, isPlaceholderData, error } = useQuery({
    queryKey: ['command-check', id, command, settled],
    queryFn: async ({ signal }) => ({
      draft: settled,
      check: await client.checkCommand(id, command, { draft: settled }, { signal }),
    }),
    enabled: allowed,
    placeholderData: keepPreviousData,
    gcTime: 30_000,
  });
  const upToDate = data !== undefined && !isPlaceholderData && settled === draft;
  return useMemo(() => {
    const { errors = [], available = [], used = [], plan = null } = data?.check ?? {};
    const byPath = Map.groupBy(used, ({ path }) => path);
    const none: readonly UsedToken[] = [];
    return {
      errors,
      available,
      // What was saved was checked then.
      names: allowed ? new Set(available.map(({ name }) => name)) : null,
      used,
      plan,
      upToDate,
      failure: error,
      errorsAt: (path) => messagesAt(errors, path),
      tokensAt: (path, text) =>
        data !== undefined && textAt(data.draft, path) === text ? (byPath.get(path) ?? none) : null,
    };
  }, [data, upToDate, error, allowed]);
}

export const isAt = (path: string, prefix: string) => path === prefix || path.startsWith(`${prefix}.`);

const messagesAt = (errors: readonly FieldError[], path: string) => [
  ...new Set(errors.filter((error) => isAt(error.path, path)).map(({ message }) => message)),
];

function textAt(draft: CommandBody, path: string): string | undefined {
  const { request } = draft;
  if (path === 'request.url') return request.url;
  if (path === 'request.body') return request.body ?? '';
  const [, index] = /^request\.headers\.(\d+)\.value$/.exec(path) ?? [];
  return index === undefined ? undefined : request.headers?.[Number(index)]?.value;
}
