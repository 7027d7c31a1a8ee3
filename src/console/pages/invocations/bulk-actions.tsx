import { Button, Group, Paper, Progress, Stack, Text } from '@mantine/core';
import { IconPlayerStop, IconRefresh } from '@tabler/icons-react';
import type { Invocation } from '../../../contract/invocation.ts';
import { hasEnded } from '../../../contract/invocation-status.ts';
import { askFirst } from '../../parts/ask-first.tsx';
import { countWords, many } from '../../parts/measures.ts';
import { useCan } from '../../session.tsx';
import type { Selection } from './selection.tsx';
import { type Cancelling, useCancelSeveral, useRetrySeveral } from './several.ts';

type BulkProps = { selected: Invocation[]; selection: Selection };

/** What can be done with those that are selected. */
export function BulkActions({ selected, selection }: BulkProps) {
  const cancel = useCancelSeveral(selection.clear);
  return (
    <Paper withBorder p="xs" role="region" aria-label="Selected invocations">
      <Group gap="xs">
        <Text size="sm" fw={600}>
          {countWords(selected.length)} selected
        </Text>
        <RetryThem selected={selected} then={selection.clear} />
        <CancelThem selected={selected} busy={cancel.progress !== null} start={cancel.start} />
        <Button size="xs" variant="subtle" onClick={selection.clear}>
          Select none
        </Button>
        <Text size="xs" c="dimmed">
          Failed and cancelled ones can be retried, open ones cancelled.
        </Text>
      </Group>
      {cancel.progress !== null && <CancelProgress progress={cancel.progress} />}
    </Paper>
  );
}

function RetryThem({ selected, then }: { selected: Invocation[]; then: () => void }) {
  const retry = useRetrySeveral(then);
  const ids = selected.filter(({ status }) => status === 'failed' || status === 'cancelled').map(({ id }) => id);
  if (!useCan('invocations.redrive')) return null;
  const ask = () =>
    askFirst({
      title: `Retry ${many(ids.length, 'invocation')}`,
      happens:
        'Each is sent again with its own values and the command as it is now. Those that have succeeded meanwhile are left as they are.',
      yes: 'Retry them',
      no: 'Not now',
      act: () => retry(ids),
    });
  return (
    <Button size="xs" leftSection={<IconRefresh size={14} aria-hidden />} disabled={ids.length === 0} onClick={ask}>
      Retry {countWords(ids.length)}
    </Button>
  );
}

type CancelProps = { selected: Invocation[]; busy: boolean; start: (ids: readonly string[]) => Promise<void> };

function CancelThem({ selected, busy, start }: CancelProps) {
  const ids = selected.filter(({ status }) => !hasEnded(status)).map(({ id }) => id);
  if (!useCan('invocations.cancel')) return null;
  const ask = () =>
    askFirst({
      title: `Cancel ${many(ids.length, 'invocation')}`,
      happens:
        "They end without a result. What is being sent is broken off; the customer's server may have acted on it. Each can be retried later.",
      yes: `Cancel ${many(ids.length, 'invocation')}`,
      no: 'Keep them',
      danger: true,
      // It takes its time, and how far it is stands on the page.
      act: async () => void start(ids),
    });
  return (
    <Button
      size="xs"
      color="red"
      variant="light"
      leftSection={<IconPlayerStop size={14} aria-hidden />}
      disabled={ids.length === 0 || busy}
      onClick={ask}
    >
      Cancel {countWords(ids.length)}
    </Button>
  );
}

function CancelProgress({ progress: { cancelled, left, of } }: { progress: Cancelling }) {
  const words = `${countWords(cancelled)} of ${countWords(of)} cancelled`;
  return (
    <Stack gap={4} mt="xs">
      <Text size="sm" role="status">
        Cancelling {many(of, 'invocation')} …
      </Text>
      <Progress.Root size="lg">
        <Progress.Section value={(100 * (of - left)) / of} aria-label="Cancelling" aria-valuetext={words} />
      </Progress.Root>
      <Text size="xs" c="dimmed">
        {words}
      </Text>
    </Stack>
  );
}
