import { Button, Stack } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import type { NotificationEndpoint } from '../../../contract/notification.ts';
import { client } from '../../client.ts';
import { Empty } from '../../parts/empty.tsx';
import { PagesOf, usePages } from '../../parts/pages-of.tsx';
import { useCan, useSession } from '../../session.tsx';
import { EndpointCard } from './endpoint-card.tsx';
import { EndpointDialog } from './endpoint-dialog.tsx';
import { endpointsKey } from './notification-queries.ts';

const refreshMs = 10_000;

/** Who is told of what, and whether it arrives. */
export function EndpointsTab() {
  const mayManage = useCan('notifications.manage');
  const [editing, setEditing] = useState<NotificationEndpoint | 'new' | null>(null);
  const pages = usePages({
    queryKey: endpointsKey,
    fetchPage: (cursor, signal) => client.notificationEndpoints(cursor === undefined ? {} : { cursor }, { signal }),
    refreshMs,
  });
  return (
    <Stack gap="sm">
      {mayManage && (
        <div>
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEditing('new')}>
            Add endpoint
          </Button>
        </div>
      )}
      <PagesOf pages={pages}>
        {(endpoints) =>
          endpoints.length === 0 ? (
            <NoneYet mayManage={mayManage} />
          ) : (
            endpoints.map((endpoint) => (
              <EndpointCard key={endpoint.id} endpoint={endpoint} edit={() => setEditing(endpoint)} />
            ))
          )
        }
      </PagesOf>
      {mayManage && <EndpointDialog editing={editing} close={() => setEditing(null)} />}
    </Stack>
  );
}

function NoneYet({ mayManage }: { mayManage: boolean }) {
  const { accounts } = useSession();
  const all = accounts === '*';
  return (
    <Empty title={all ? 'Nobody is told yet' : 'You see no endpoint'}>
      {!all && 'One that is told of other accounts, too, is seen by those who are for all of them. '}
      An endpoint is a URL of yours, of an on-call tool or a chat, that is told when an integration is held, a batch or
      a run ends, a schedule is missed, or the audit log is broken.{!mayManage && ' An admin can add one.'}
    </Empty>
  );
}
