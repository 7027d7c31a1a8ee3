import { Anchor, Stack, Text, VisuallyHidden } from '@mantine/core';
import { Link } from 'react-router';
import type { Notification } from '../../../contract/notification.ts';
import { columnsOf, DataTable } from '../../parts/data-table.tsx';
import { countWords } from '../../parts/measures.ts';
import { subjectPath } from '../../parts/subject-path.ts';
import { When } from '../../parts/when.tsx';
import { DeliveryOutcome } from './delivery-outcome.tsx';
import { endpointName } from './delivery-words.ts';
import { eventWords } from './event-words.ts';
import { type KnownEndpoint, useFindEndpoint } from './notification-queries.ts';
import { SendAgain } from './send-again.tsx';

const columns = (() => {
  const column = columnsOf<Notification>();
  return [
    column.accessor('event', { header: 'What', cell: ({ row: { original } }) => <What notification={original} /> }),
    column.accessor('status', {
      header: 'Outcome',
      cell: ({ row: { original } }) => <DeliveryOutcome notification={original} />,
    }),
    column.accessor('url', { header: 'To', cell: ({ row: { original } }) => <Receiver notification={original} /> }),
    column.accessor('attempts', {
      header: 'Attempts',
      cell: ({ row: { original } }) => <Attempts notification={original} />,
    }),
    column.accessor('createdAt', { header: 'Happened', cell: ({ getValue }) => <When at={getValue()} /> }),
    column.display({
      id: 'actions',
      header: () => <VisuallyHidden>Actions</VisuallyHidden>,
      cell: ({ row: { original } }) => <SendAgain notification={original} />,
    }),
  ];
})();

/** Notifications and callbacks, newest first. */
export function Deliveries({ deliveries }: { deliveries: Notification[] }) {
  return <DataTable label="Deliveries" columns={columns} rows={deliveries} rowId={({ id }) => id} />;
}

type Of = { notification: Notification };

function What({ notification: { event, subject } }: Of) {
  const path = subjectPath(subject);
  return (
    <Stack gap={0} miw={140}>
      <Text size="sm" fw={500}>
        {eventWords[event]}
      </Text>
      {path !== null && event !== 'notification.test' && (
        <Anchor component={Link} to={path} size="xs" className="wrap-anywhere">
          {subject.type === 'audit' ? 'audit log' : `${subject.type} ${subject.id}`}
        </Anchor>
      )}
    </Stack>
  );
}

function Receiver({ notification: { endpoint: id, url } }: Of) {
  const find = useFindEndpoint();
  return (
    <Stack gap={0} miw={180}>
      <Text size="sm" className="wrap-anywhere">
        {id === null ? 'Callback' : nameOf(find(id))}
      </Text>
      <Text size="xs" c="dimmed" className="wrap-anywhere">
        {url}
      </Text>
    </Stack>
  );
}

function nameOf(endpoint: KnownEndpoint): string {
  if (endpoint === null) return 'An endpoint that is deleted';
  return endpoint === undefined ? 'Endpoint' : endpointName(endpoint);
}

function Attempts({ notification: { attempts, lastAttemptAt } }: Of) {
  return (
    <Stack gap={0}>
      <Text size="sm">{attempts === 0 ? 'none yet' : countWords(attempts)}</Text>
      {lastAttemptAt !== null && (
        <Text size="xs" c="dimmed" component="div" className="no-break">
          {attempts > 1 && 'last '}
          <When at={lastAttemptAt} />
        </Text>
      )}
    </Stack>
  );
}
