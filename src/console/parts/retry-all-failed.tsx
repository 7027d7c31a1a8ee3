import { Button, type ButtonProps, List, Text, Tooltip } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { client } from '../client.ts';
import { useCan } from '../session.tsx';
import { askFirst } from './ask-first.tsx';
import { many } from './measures.ts';
import { narrowingOf, type RedriveFilter, redriveOf } from './redrive-filter.ts';
import { failed, told } from './tell.ts';

type RetryProps = {
  /** Which of the failed ones, as it is at the time; a string: why they cannot be retried. */
  filter: () => RedriveFilter | string;
  /** Names them: "of Acme GetInvoiceImage". */
  of: string;
  size?: ButtonProps['size'];
};

/** Counts what would be retried, asks with the count, retries. Not there for those who may not. */
export function RetryAllFailed({ filter, of, size = 'sm' }: RetryProps) {
  const retry = useRetryAll(of);
  const planned = filter();
  const why = typeof planned === 'string' ? planned : null;
  if (!useCan('invocations.redrive')) return null;
  return (
    <Tooltip label={why} disabled={why === null} multiline w={280} events={{ hover: true, focus: true, touch: true }}>
      <Button
        size={size}
        variant="default"
        leftSection={<IconRefresh size={16} aria-hidden />}
        // Not `disabled`: then nobody could get to the reason by keyboard.
        {...(why === null ? {} : { 'data-disabled': true, 'aria-disabled': true, 'aria-description': why })}
        loading={retry.isPending}
        onClick={() => {
          // Anew: its times move along with the clock.
          const now = filter();
          if (typeof now !== 'string') retry.mutate(now);
        }}
      >
        Retry all failed
      </Button>
    </Tooltip>
  );
}

function useRetryAll(of: string) {
  const queries = useQueryClient();
  // What is counted is what is retried: the same filter, with the times that it had.
  const ask = (matched: number, filter: RedriveFilter) =>
    askFirst({
      title: `Retry all failed ${of}`,
      happens: <Happens matched={matched} of={of} filter={filter} />,
      yes: `Retry ${many(matched, 'invocation')}`,
      act: async () => {
        const { redriven } = await client.redrive(redriveOf(filter));
        told(`${many(redriven, 'invocation')} ${of} ${redriven === 1 ? 'is' : 'are'} being tried again.`);
        await queries.invalidateQueries();
      },
    });
  return useMutation({
    mutationFn: (filter: RedriveFilter) => client.redrive({ ...redriveOf(filter), dryRun: true }),
    onSuccess: ({ matched }, filter) =>
      matched === 0 ? told(`Nothing ${of} has failed that can be retried.`) : ask(matched, filter),
    onError: (error) => failed(error),
  });
}

function Happens({ matched, of, filter }: { matched: number; of: string; filter: RedriveFilter }) {
  return (
    <>
      <Text size="sm">
        {many(matched, 'failed invocation')} {of} will be sent again, with the commands, variables and secrets as they
        are now. Attempts and time limits begin anew. They are those
      </Text>
      <List size="sm" mt="xs">
        {narrowingOf(filter).map((line) => (
          <List.Item key={line}>{line}</List.Item>
        ))}
      </List>
    </>
  );
}
