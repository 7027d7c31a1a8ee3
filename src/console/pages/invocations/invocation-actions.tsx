import { Button, Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import { notifications } from '@mantine/notifications';
import { IconFileDownload, IconPlayerStop, IconRefresh, IconStack3 } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Invocation } from '../../../contract/invocation.ts';
import { hasEnded } from '../../../contract/invocation-status.ts';
import { client } from '../../client.ts';
import { detailOf } from '../../parts/error-notice.tsx';
import { useCan, useSession } from '../../session.tsx';
import { downloadEvidence } from './evidence.ts';
import { short, tokensLine } from './shown.ts';

/** What can be done with one invocation. */
export function InvocationActions({ invocation }: { invocation: Invocation }) {
  const { accounts } = useSession();
  const ended = hasEnded(invocation.status);
  const [mayRetry, mayCancel] = [useCan('invocations.retry'), useCan('invocations.cancel')];
  const board = useCan('queues.read') && accounts === '*';
  return (
    <>
      {board && (
        <Button component="a" href="/queues" variant="subtle" leftSection={<IconStack3 size={16} aria-hidden />}>
          Bull Board
        </Button>
      )}
      {useCan('audit.read') && <EvidenceButton id={invocation.id} />}
      {mayCancel && !ended && <CancelButton invocation={invocation} />}
      {mayRetry && ended && <RetryButton invocation={invocation} />}
    </>
  );
}

function EvidenceButton({ id }: { id: string }) {
  const evidence = useMutation({ mutationFn: () => downloadEvidence(id), onError: tell('No evidence was made') });
  return (
    <Button
      variant="default"
      leftSection={<IconFileDownload size={16} aria-hidden />}
      loading={evidence.isPending}
      onClick={() => evidence.mutate()}
    >
      Evidence
    </Button>
  );
}

function RetryButton({ invocation }: { invocation: Invocation }) {
  const keep = useKeep();
  const retry = useMutation({
    mutationFn: () => client.retryInvocation(invocation.id),
    onSuccess: keep,
    onError: tell('It was not retried'),
  });
  const ask = () =>
    modals.openConfirmModal({
      title: `Send ${short(tokensLine(invocation))} again?`,
      children: <Text size="sm">It has succeeded. It is sent once more, and what comes replaces its result.</Text>,
      labels: { confirm: 'Send it again', cancel: 'Leave it' },
      onConfirm: () => retry.mutate(),
    });
  return (
    <Button
      leftSection={<IconRefresh size={16} aria-hidden />}
      loading={retry.isPending}
      onClick={invocation.status === 'succeeded' ? ask : () => retry.mutate()}
    >
      Retry
    </Button>
  );
}

function CancelButton({ invocation }: { invocation: Invocation }) {
  const keep = useKeep();
  const cancel = useMutation({
    mutationFn: () => client.cancelInvocation(invocation.id),
    onSuccess: keep,
    onError: tell('It was not cancelled'),
  });
  const ask = () =>
    modals.openConfirmModal({
      title: `Cancel ${invocation.command} of ${short(tokensLine(invocation))}?`,
      children: (
        <Text size="sm">
          It ends without a result. If it is being sent, that is broken off; the customer's server may have acted on it.
          It can be retried later.
        </Text>
      ),
      labels: { confirm: 'Cancel it', cancel: 'Keep it' },
      confirmProps: { color: 'red' },
      onConfirm: () => cancel.mutate(),
    });
  return (
    <Button
      color="red"
      variant="light"
      leftSection={<IconPlayerStop size={16} aria-hidden />}
      loading={cancel.isPending}
      onClick={ask}
    >
      Cancel
    </Button>
  );
}

function useKeep() {
  const queries = useQueryClient();
  return (invocation: Invocation) => {
    queries.setQueryData(['invocation', invocation.id], invocation);
    return queries.invalidateQueries({ queryKey: ['invocations'] });
  };
}

const tell = (title: string) => (error: unknown) =>
  void notifications.show({ color: 'red', title, message: detailOf(error) });
