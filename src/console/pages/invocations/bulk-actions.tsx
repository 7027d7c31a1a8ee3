import { Button, Group, Paper, Progress, Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import { notifications } from '@mantine/notifications';
import { IconPlayerStop, IconRefresh } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError } from '../../../client/errors.ts';
import type { Invocation } from '../../../contract/invocation.ts';
import { hasEnded } from '../../../contract/invocation-status.ts';
import { client } from '../../client.ts';
import { detailOf } from '../../parts/error-notice.tsx';
import { countWords, many } from '../../parts/measures.ts';
import { useCan } from '../../session.tsx';
import type { Selection } from './selection.tsx';

type BulkProps = { selected: Invocation[]; selection: Selection };

/** What can be done with those that are selected. */
export function BulkActions({ selected, selection }: BulkProps) {
  const retryable = selected.filter(({ status }) => status === 'failed' || status === 'cancelled').map(({ id }) => id);
  const open = selected.filter(({ status }) => !hasEnded(status)).map(({ id }) => id);
  const [mayRetry, mayCancel] = [useCan('invocations.redrive'), useCan('invocations.cancel')];
  const retry = useRetry(selection.clear);
  const cancel = useCancel(selection.clear);
  return (
    <Paper withBorder p="xs" role="region" aria-label="Selected invocations">
      <Group gap="xs">
        <Text size="sm" fw={600}>
          {countWords(selected.length)} selected
        </Text>
        {mayRetry && (
          <Button
            size="xs"
            leftSection={<IconRefresh size={14} aria-hidden />}
            disabled={retryable.length === 0}
            loading={retry.isPending}
            onClick={() => askToRetry(retryable.length, () => retry.mutate(retryable))}
          >
            Retry {countWords(retryable.length)}
          </Button>
        )}
        {mayCancel && (
          <Button
            size="xs"
            color="red"
            variant="light"
            leftSection={<IconPlayerStop size={14} aria-hidden />}
            disabled={open.length === 0 || cancel.progress !== null}
            onClick={() => askToCancel(open.length, () => cancel.start(open))}
          >
            Cancel {countWords(open.length)}
          </Button>
        )}
        <Button size="xs" variant="subtle" onClick={selection.clear}>
          Select none
        </Button>
        <Text size="xs" c="dimmed">
          Failed and cancelled ones can be retried, open ones cancelled.
        </Text>
      </Group>
      {cancel.progress !== null && (
        <Progress.Root mt="xs" size="lg">
          <Progress.Section
            value={(100 * cancel.progress.done) / cancel.progress.of}
            aria-label={`${cancel.progress.done} of ${cancel.progress.of} cancelled`}
          />
        </Progress.Root>
      )}
    </Paper>
  );
}

function askToRetry(count: number, onConfirm: () => void) {
  modals.openConfirmModal({
    title: `Retry ${many(count, 'invocation')}?`,
    children: (
      <Text size="sm">
        Each is sent again with its own values and the command as it is now. Those that have succeeded meanwhile are
        left as they are.
      </Text>
    ),
    labels: { confirm: 'Retry', cancel: 'Not now' },
    onConfirm,
  });
}

function askToCancel(count: number, onConfirm: () => void) {
  modals.openConfirmModal({
    title: `Cancel ${many(count, 'invocation')}?`,
    children: (
      <Text size="sm">
        They end without a result. What is being sent is broken off; the customer's server may have acted on it. Each
        can be retried later.
      </Text>
    ),
    labels: { confirm: `Cancel ${many(count, 'invocation')}`, cancel: 'Keep them' },
    confirmProps: { color: 'red' },
    onConfirm,
  });
}

export function useRefresh() {
  const queries = useQueryClient();
  return () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: ['invocations'] }),
      queries.invalidateQueries({ queryKey: ['invocation'] }),
    ]);
}

function useRetry(then: () => void) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (ids: string[]) => client.redrive({ ids }),
    onSuccess: ({ redriven }, ids) => {
      const left = ids.length - redriven;
      const rest = left === 0 ? '' : ` ${many(left, 'other')} had changed meanwhile.`;
      notifications.show({ message: `${many(redriven, 'invocation')} will be tried again.${rest}` });
      then();
      return refresh();
    },
    onError: (error) => notifications.show({ color: 'red', title: 'Nothing was retried', message: detailOf(error) }),
  });
}

/** Few enough that nobody else's requests wait behind them. */
const atOnce = 4;

/** One call for each, a few at a time. */
function useCancel(then: () => void) {
  const refresh = useRefresh();
  const [progress, setProgress] = useState<{ done: number; of: number } | null>(null);
  const start = async (ids: readonly string[]) => {
    const left = [...ids];
    const tally = { done: 0, cancelled: 0, ended: 0, problem: null as unknown };
    setProgress({ done: 0, of: ids.length });
    const work = async () => {
      for (let id = left.shift(); id !== undefined; id = left.shift()) {
        try {
          await client.cancelInvocation(id);
          tally.cancelled += 1;
        } catch (error) {
          if (error instanceof ApiError && error.type === 'conflict') tally.ended += 1;
          else tally.problem = error;
        }
        tally.done += 1;
        setProgress({ done: tally.done, of: ids.length });
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

function tell({ cancelled, ended, problem }: { cancelled: number; ended: number; problem: unknown }, of: number) {
  const words = [
    `${countWords(cancelled)} of ${countWords(of)} cancelled.`,
    ...(ended === 0 ? [] : [`${countWords(ended)} had ended already.`]),
    ...(problem === null ? [] : [`Others were not: ${detailOf(problem)}`]),
  ];
  notifications.show({ message: words.join(' '), ...(problem === null ? {} : { color: 'red' }) });
}
