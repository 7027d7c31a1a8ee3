import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { Notification } from '../../../contract/notification.ts';
import { client } from '../../client.ts';
import { askFirst } from '../../parts/ask-first.tsx';
import { failed, told } from '../../parts/tell.ts';
import { exactTime } from '../../parts/times.ts';
import { useCan } from '../../session.tsx';
import { deliveryState, hostOf } from './delivery-words.ts';
import { eventWords } from './event-words.ts';
import { refreshNotifications, useFindEndpoint } from './notification-queries.ts';

/** Sends a message again; not offered where nobody would get it, or to those who may not. */
export function SendAgain({ notification }: { notification: Notification }) {
  const find = useFindEndpoint();
  const mayRetry = useCan('notifications.retry');
  const { id, endpoint, event, url, createdAt } = notification;
  const send = async () => {
    await client.retryNotification(id);
    told('It is sent as soon as possible.');
    await refreshNotifications();
  };
  const sending = useMutation({ mutationFn: send, onError: (error) => failed(error, 'It is not sent again') });
  const receiver = endpoint === null ? undefined : find(endpoint);
  if (!mayRetry || receiver === null || receiver?.enabled === false) return null;
  const state = deliveryState(notification);
  if (state === 'waiting') return null;
  const askFirstIfTaken = () =>
    state === 'delivered'
      ? askFirst({
          title: 'Send it again',
          happens: `${hostOf(url)} has taken it. It is sent once more, with the same webhook-id, by which receivers know what they had.`,
          yes: 'Send it again',
          act: send,
        })
      : sending.mutate();
  const words = state === 'retrying' ? 'Try now' : 'Send again';
  return (
    <Button
      size="xs"
      variant="default"
      loading={sending.isPending}
      onClick={askFirstIfTaken}
      aria-label={`${words}: ${eventWords[event]}, ${exactTime(createdAt)}`}
    >
      {words}
    </Button>
  );
}
