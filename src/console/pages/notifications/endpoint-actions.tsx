import { ActionIcon, Button, Group, Menu, Switch, Text } from '@mantine/core';
import { IconDotsVertical, IconKey, IconPencil, IconSend, IconTrash } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import type { NotificationEndpoint } from '../../../contract/notification.ts';
import { client } from '../../client.ts';
import { askFirst } from '../../parts/ask-first.tsx';
import { durationWords } from '../../parts/measures.ts';
import { ShownOnce } from '../../parts/shown-once.tsx';
import { failed, told } from '../../parts/tell.ts';
import { tones } from '../../parts/tones.ts';
import { useCan } from '../../session.tsx';
import { endpointName } from './delivery-words.ts';
import { refreshNotifications } from './notification-queries.ts';

type Of = { endpoint: NotificationEndpoint };

/** What can be done with an endpoint; whoever may only see it is told whether it is enabled. */
export function EndpointActions({ endpoint, edit }: Of & { edit: () => void }) {
  if (!useCan('notifications.manage')) {
    return <Text size="sm">{endpoint.enabled ? 'Enabled' : 'Disabled'}</Text>;
  }
  const name = endpointName(endpoint);
  return (
    <Group gap="xs">
      <Enabled endpoint={endpoint} />
      <SendTest endpoint={endpoint} />
      <ActionIcon variant="subtle" color="gray" aria-label={`Edit ${name}`} title="Edit" onClick={edit}>
        <IconPencil size={16} aria-hidden />
      </ActionIcon>
      <More endpoint={endpoint} />
    </Group>
  );
}

function Enabled({ endpoint: { id, enabled, ...endpoint } }: Of) {
  const name = endpointName(endpoint);
  const change = async (to: boolean) => {
    await client.updateNotificationEndpoint(id, { enabled: to });
    await refreshNotifications();
  };
  const switching = useMutation({ mutationFn: change, onError: (error) => failed(error) });
  const askToDisable = () =>
    askFirst({
      title: `Disable ${name}`,
      happens: `${name} is told nothing any more. What waits to be sent to it is not sent, also when it is enabled again.`,
      yes: `Disable ${name}`,
      danger: true,
      act: () => change(false),
    });
  return (
    <Switch
      label="Enabled"
      aria-label={`${name} is enabled`}
      checked={switching.isPending ? switching.variables : enabled}
      onChange={({ currentTarget }) => (currentTarget.checked ? switching.mutate(true) : askToDisable())}
    />
  );
}

function SendTest({ endpoint: { id, ...endpoint } }: Of) {
  const name = endpointName(endpoint);
  const testing = useMutation({
    mutationFn: () => client.testNotificationEndpoint(id),
    onSuccess: async ({ status, error, durationMs }) => {
      if (error === null) told(`It answered ${status} after ${durationWords(durationMs)}.`, `${name} took the test`);
      else failed(new Error(error.message), `${name} did not take the test`);
      await refreshNotifications();
    },
    onError: (error) => failed(error, 'The test was not sent'),
  });
  return (
    <Button
      size="xs"
      variant="light"
      leftSection={<IconSend size={14} aria-hidden />}
      loading={testing.isPending}
      onClick={() => testing.mutate()}
      aria-label={`Send test to ${name}`}
    >
      Send test
    </Button>
  );
}

/** What nobody does often. */
function More({ endpoint }: Of) {
  const name = endpointName(endpoint);
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`More for ${name}`}>
          <IconDotsVertical size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconKey size={16} aria-hidden />} onClick={() => askToReplaceSecret(endpoint)}>
          Replace secret
        </Menu.Item>
        <Menu.Item
          c={tones.bad}
          leftSection={<IconTrash size={16} aria-hidden />}
          onClick={() => askToDelete(endpoint)}
        >
          Delete endpoint
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function askToReplaceSecret({ id, ...endpoint }: NotificationEndpoint): void {
  const name = endpointName(endpoint);
  askFirst({
    title: `Replace the secret of ${name}`,
    happens:
      'For 24 hours each message is signed with the new secret and with the one before, so that the receiver can be given ' +
      'the new one meanwhile. After that the one before is good no more.',
    yes: 'Replace secret',
    act: async () => {
      const { secret } = await client.rotateNotificationSecret(id);
      void refreshNotifications();
      return secret;
    },
    shows: (secret, close) => <SigningSecret value={secret} close={close} />,
  });
}

function askToDelete({ id, ...endpoint }: NotificationEndpoint): void {
  const name = endpointName(endpoint);
  askFirst({
    title: `Delete ${name}`,
    happens: `${name} is told nothing any more, and its secret is gone for good. What waits to be sent to it is not sent.`,
    yes: `Delete ${name}`,
    danger: true,
    act: async () => {
      await client.deleteNotificationEndpoint(id);
      await refreshNotifications();
    },
  });
}

/** What a receiver verifies with. */
export function SigningSecret({ value, close }: { value: string; close: () => void }) {
  return <ShownOnce value={value} name="Signing secret" what="secret" why="it is kept encrypted" close={close} />;
}
