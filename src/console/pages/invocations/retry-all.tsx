import { Button, List, Text, Tooltip } from '@mantine/core';
import { modals } from '@mantine/modals';
import { notifications } from '@mantine/notifications';
import { IconRefresh } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import type { RedriveBody } from '../../../contract/redrive.ts';
import { client } from '../../client.ts';
import { detailOf } from '../../parts/error-notice.tsx';
import { many } from '../../parts/measures.ts';
import { exactTime } from '../../parts/when.tsx';
import { codeTitle } from '../../words.ts';
import { useRefresh } from './bulk-actions.tsx';
import { type Filters, retryAllOf } from './filters.ts';

/** Retries whatever has failed and fits the filters, also what is not shown; counts first, and asks. */
export function RetryAll({ filters }: { filters: Filters }) {
  const refresh = useRefresh();
  const onError = (error: unknown) =>
    void notifications.show({ color: 'red', title: 'Nothing was retried', message: detailOf(error) });
  const redrive = useMutation({
    mutationFn: (body: RedriveBody) => client.redrive(body),
    onSuccess: ({ redriven }) => {
      notifications.show({ message: `${many(redriven, 'invocation')} will be tried again.` });
      return refresh();
    },
    onError,
  });
  const count = useMutation({
    mutationFn: (body: RedriveBody) => client.redrive({ ...body, dryRun: true }),
    onSuccess: ({ matched }, body) => ask(matched, body, () => redrive.mutate(body)),
    onError,
  });
  const plan = retryAllOf(filters, Date.now());
  const why = 'why' in plan ? plan.why : null;
  return (
    <Tooltip label={why} disabled={why === null} multiline w={280} events={{ hover: true, focus: true, touch: true }}>
      <Button
        variant="default"
        leftSection={<IconRefresh size={16} aria-hidden />}
        // Not `disabled`: then nobody could get to the reason by keyboard.
        data-disabled={why !== null}
        aria-disabled={why !== null}
        aria-description={why ?? ''}
        loading={count.isPending || redrive.isPending}
        onClick={() => {
          // Anew: its times move along with the clock.
          const now = retryAllOf(filters, Date.now());
          if ('body' in now) count.mutate(now.body);
        }}
      >
        Retry all failed
      </Button>
    </Tooltip>
  );
}

function ask(matched: number, body: RedriveBody, onConfirm: () => void) {
  if (matched === 0) return void notifications.show({ message: 'No failed invocation fits these filters.' });
  modals.openConfirmModal({
    title: `Retry ${many(matched, 'failed invocation')}?`,
    children: (
      <>
        <Text size="sm">
          Each is sent again with its own values and the command as it is now, also those further down the list:
        </Text>
        <List size="sm" mt="xs">
          {narrowing(body).map((line) => (
            <List.Item key={line}>{line}</List.Item>
          ))}
        </List>
      </>
    ),
    labels: { confirm: `Retry ${many(matched, 'invocation')}`, cancel: 'Not now' },
    onConfirm,
  });
}

function narrowing({ integration, command, batch, codes, since, until }: RedriveBody): string[] {
  const lines = [
    integration !== undefined && `of the integration ${integration}`,
    command !== undefined && `of the command ${command}`,
    batch !== undefined && `of the batch ${batch}`,
    codes !== undefined && `that failed with: ${codes.map((code) => codeTitle(code)).join(', ')}`,
    since !== undefined && `accepted since ${exactTime(since)}`,
    until !== undefined && `accepted before ${exactTime(until)}`,
  ].filter((line) => line !== false);
  return lines.length > 0 ? lines : ['all that have failed, whatever the integration and whenever it was'];
}
