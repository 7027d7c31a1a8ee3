import { Button, Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import { notifications } from '@mantine/notifications';
import { IconTrash } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import type { Integration } from '../../../contract/integration.ts';
import { client } from '../../client.ts';
import { detailOf } from '../../parts/error-notice.tsx';
import { useEditor } from './editor-context.ts';

type DeleteCommandProps = {
  integration: Integration;
  /** Called before it goes back to the integration. */
  leave: () => void;
};

export function DeleteCommand({ integration: { id, name }, leave }: DeleteCommandProps) {
  const { command } = useEditor();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => client.deleteCommand(id, command),
    onSuccess: async () => {
      leave();
      await navigate(`/integrations/${id}`);
      await queries.invalidateQueries();
      notifications.show({ message: `${command} of ${name} was deleted.` });
    },
    onError: (error) =>
      notifications.show({ color: 'red', title: `${command} was not deleted`, message: detailOf(error) }),
  });
  const ask = () =>
    modals.openConfirmModal({
      title: `Delete ${command} of ${name}?`,
      children: (
        <Text size="sm">
          Invocations of {command} that have not ended fail, and new ones are refused, until somebody configures it
          again. Its versions are kept and can be restored.
        </Text>
      ),
      labels: { confirm: `Delete ${command}`, cancel: 'Keep it' },
      confirmProps: { color: 'red' },
      onConfirm: () => remove.mutate(),
    });
  return (
    <Button
      variant="default"
      leftSection={<IconTrash size={16} aria-hidden />}
      loading={remove.isPending}
      onClick={ask}
    >
      Delete Command
    </Button>
  );
}
