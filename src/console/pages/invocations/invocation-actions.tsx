import { Button } from '@mantine/core';
import { IconFileDownload, IconPlayerStop, IconRefresh, IconStack3 } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Invocation } from '../../../contract/invocation.ts';
import { hasEnded } from '../../../contract/invocation-status.ts';
import { client } from '../../client.ts';
import { askFirst } from '../../parts/ask-first.tsx';
import { failed } from '../../parts/tell.ts';
import { short, tokensLine } from '../../parts/tokens-line.ts';
import { useCan, useSession } from '../../session.tsx';
import { downloadEvidence } from './evidence.ts';

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
  const evidence = useMutation({
    mutationFn: () => downloadEvidence(id),
    onError: (error) => failed(error, 'No evidence was made'),
  });
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
    onError: (error) => failed(error, 'It was not retried'),
  });
  const ask = () =>
    askFirst({
      title: `Send ${short(tokensLine(invocation))} again`,
      happens: 'It has succeeded. It is sent once more, and what comes replaces its result.',
      yes: 'Send it again',
      no: 'Leave it',
      act: async () => keep(await client.retryInvocation(invocation.id)),
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
  const ask = () =>
    askFirst({
      title: `Cancel ${invocation.command} of ${short(tokensLine(invocation))}`,
      happens:
        "It ends without a result. If it is being sent, that is broken off; the customer's server may have acted on it. It can be retried later.",
      yes: 'Cancel it',
      no: 'Keep it',
      danger: true,
      act: async () => keep(await client.cancelInvocation(invocation.id)),
    });
  return (
    <Button color="red" variant="light" leftSection={<IconPlayerStop size={16} aria-hidden />} onClick={ask}>
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
