import { Button, type ButtonProps } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconRefresh } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ErrorCode, errorCatalogue } from '../../contract/error-catalogue.ts';
import type { RedriveBody } from '../../contract/redrive.ts';
import { client } from '../client.ts';
import { useCan } from '../session.tsx';
import { askFirst } from './ask-first.tsx';
import { detailOf } from './error-notice.tsx';
import { many } from './measures.ts';

/** What a person means by failed: what is absent or was cancelled would come out the same again. */
const failures = (Object.keys(errorCatalogue) as ErrorCode[]).filter(
  (code) => code !== 'absent' && code !== 'cancelled',
);

type RetryProps = {
  /** Which of the failed ones. */
  filter: Omit<RedriveBody, 'dryRun'>;
  /** Names them: "of Acme GetInvoiceImage". */
  of: string;
  size?: ButtonProps['size'];
};

/** Counts what would be retried, asks with the count, retries. Not there for those who may not. */
export function RetryAllFailed({ filter, of, size = 'sm' }: RetryProps) {
  const queries = useQueryClient();
  const body: RedriveBody = { codes: failures, ...filter };
  const counting = useMutation({
    mutationFn: () => client.redrive({ ...body, dryRun: true }),
    onSuccess: ({ matched }) => (matched === 0 ? say(`Nothing ${of} has failed any more.`) : ask(matched)),
    onError: (error) => say(detailOf(error), 'red'),
  });
  const ask = (matched: number) =>
    askFirst({
      title: `Retry all failed ${of}`,
      happens: `${many(matched, 'failed invocation')} ${of} will be sent again, with the commands, variables and secrets as they are now. Attempts and time limits begin anew.`,
      yes: `Retry ${many(matched, 'invocation')}`,
      act: async () => {
        const { redriven } = await client.redrive(body);
        say(`${many(redriven, 'invocation')} ${of} ${redriven === 1 ? 'is' : 'are'} being tried again.`);
        await queries.invalidateQueries();
      },
    });
  if (!useCan('invocations.redrive')) return null;
  return (
    <Button
      size={size}
      variant="default"
      leftSection={<IconRefresh size={16} aria-hidden />}
      loading={counting.isPending}
      onClick={() => counting.mutate()}
    >
      Retry all failed
    </Button>
  );
}

const say = (message: string, color?: string) =>
  void notifications.show({ message, ...(color === undefined ? {} : { color, title: 'This did not work' }) });
