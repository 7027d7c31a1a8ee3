import { Button } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { client } from '../client.ts';
import { useCan } from '../session.tsx';
import { askFirst } from './ask-first.tsx';

type TryNowProps = { integration: { id: string; name: string }; size?: 'xs' | 'sm' };

/** Has Errand look at once whether what it holds goes again. Not there for those who may not. */
export function TryNow({ integration: { id, name }, size = 'xs' }: TryNowProps) {
  const queries = useQueryClient();
  if (!useCan('integrations.pause')) return null;
  const ask = () =>
    askFirst({
      title: `Try ${name} again now`,
      happens:
        'One request is sent at once. If their server does well, everything that waits goes on; if not, it goes on waiting.',
      yes: 'Try again now',
      act: async () => {
        await client.resumeIntegration(id);
        await queries.invalidateQueries();
      },
    });
  return (
    <Button
      size={size}
      variant="default"
      leftSection={<IconPlayerPlay size={16} aria-hidden />}
      onClick={ask}
      aria-label={`Try now: ${name}`}
    >
      Try now
    </Button>
  );
}
