import { Button } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ListedSchedule } from '../../../contract/schedule.ts';
import { client } from '../../client.ts';
import { failed, told } from '../../parts/tell.ts';
import { useCan } from '../../session.tsx';

/** Starts a run besides those of the clock. Not there for those who may not. */
export function RunNow({ schedule: { integration, name } }: { schedule: ListedSchedule }) {
  const queries = useQueryClient();
  const running = useMutation({
    mutationFn: () => client.runSchedule(integration, name),
    onSuccess: async () => {
      told(`The schedule ${integration} ${name} runs now.`);
      await queries.invalidateQueries({ queryKey: ['schedules'] });
    },
    onError: (error) => failed(error, 'It does not run'),
  });
  if (!useCan('schedules.run')) return null;
  return (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={<IconPlayerPlay size={14} aria-hidden />}
      loading={running.isPending}
      onClick={() => running.mutate()}
      aria-label={`Run now: ${integration} ${name}`}
    >
      Run now
    </Button>
  );
}
