import { Button } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import type { Integration } from '../../../contract/integration.ts';
import { client } from '../../client.ts';
import { askFirst } from '../../parts/ask-first.tsx';
import { integrationPath } from '../../parts/paths.ts';
import { told } from '../../parts/tell.ts';
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
  const remove = async () => {
    await client.deleteCommand(id, command);
    leave();
    await navigate(integrationPath(id));
    void queries.invalidateQueries();
    told(`${command} of ${name} was deleted.`);
  };
  const ask = () =>
    askFirst({
      title: `Delete ${command} of ${name}?`,
      happens: `Invocations of ${command} that have not ended fail, and new ones are refused, until somebody configures it again. Its versions are kept and can be restored.`,
      yes: `Delete ${command}`,
      no: 'Keep it',
      danger: true,
      act: remove,
    });
  return (
    <Button variant="default" leftSection={<IconTrash size={16} aria-hidden />} onClick={ask}>
      Delete Command
    </Button>
  );
}
