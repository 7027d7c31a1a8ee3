import { Stack, Text } from '@mantine/core';
import { IconCircleCheck, IconCircleX, IconClock, IconRefresh } from '@tabler/icons-react';
import type { Notification } from '../../../contract/notification.ts';
import { type Mark, Marked } from '../../parts/marked.tsx';
import { When } from '../../parts/when.tsx';
import { answerWords, type DeliveryState, deliveryState, stateWords } from './delivery-words.ts';

const marks: Readonly<Record<DeliveryState, Mark>> = {
  waiting: { icon: IconClock, tone: 'calm' },
  retrying: { icon: IconRefresh, tone: 'doubtful' },
  delivered: { icon: IconCircleCheck, tone: 'good' },
  failed: { icon: IconCircleX, tone: 'bad' },
};

/** How a notification stands, and what came back. */
export function DeliveryOutcome({ notification }: { notification: Notification }) {
  const state = deliveryState(notification);
  const answer = answerWords(notification);
  const { nextAttemptAt } = notification;
  return (
    <Stack gap={0} miw={190}>
      <Marked mark={marks[state]}>{stateWords[state]}</Marked>
      {answer !== null && (
        <Text size="xs" c="dimmed" className="wrap-anywhere">
          {answer}
        </Text>
      )}
      {state === 'retrying' && nextAttemptAt !== null && (
        <Text size="xs" c="dimmed" component="div">
          Next try <When at={nextAttemptAt} />
        </Text>
      )}
    </Stack>
  );
}
