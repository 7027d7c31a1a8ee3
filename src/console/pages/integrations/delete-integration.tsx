import { ActionIcon, Menu } from '@mantine/core';
import { IconDotsVertical, IconTrash } from '@tabler/icons-react';
import { useNavigate } from 'react-router';
import type { Integration } from '../../../contract/integration.ts';
import { client } from '../../client.ts';
import { askFirst } from '../../parts/ask-first.tsx';
import { refreshIntegrations } from '../../parts/integration-queries.ts';
import { told } from '../../parts/tell.ts';
import { tones } from '../../parts/tones.ts';
import { useCan } from '../../session.tsx';

/** Put away in a menu: nobody deletes an integration often. */
export function DeleteIntegration({ integration: { id, name } }: { integration: Integration }) {
  const navigate = useNavigate();
  if (!useCan('integrations.write')) return null;
  const remove = async () => {
    await client.deleteIntegration(id);
    await navigate('/integrations');
    told('Its records stay.', `${name} is deleted`);
    void refreshIntegrations();
  };
  const ask = () =>
    askFirst({ title: `Delete ${name}`, happens: deleting(id), yes: `Delete ${name}`, danger: true, act: remove });
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size="input-sm" aria-label={`More for ${name}`}>
          <IconDotsVertical size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item c={tones.bad} leftSection={<IconTrash size={16} aria-hidden />} onClick={ask}>
          Delete integration
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

const deleting = (id: string) =>
  `The integration ${id} is deleted with its commands, variables, secrets and schedules. What still waits fails with ` +
  '"no such command" when it is due, and customers who click get an error. What it did stays in the records. This cannot be undone.';
