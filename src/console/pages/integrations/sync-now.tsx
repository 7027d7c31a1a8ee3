import { Button, Modal, Stack, Text } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Integration } from '../../../contract/integration.ts';
import type { Schedule } from '../../../contract/schedule.ts';
import { client } from '../../client.ts';
import { refreshIntegrations } from '../../parts/integration-queries.ts';
import { integrationPath } from '../../parts/paths.ts';
import { failed, told } from '../../parts/tell.ts';
import { useCan } from '../../session.tsx';
import { cronText } from './schedule-words.ts';
import { adding } from './use-editing.ts';

type Of = Pick<Integration, 'id' | 'name' | 'status'>;

/** Runs a schedule outside of its times, and tells what came of it. */
export function useRunSchedule({ id, status }: Pick<Of, 'id' | 'status'>) {
  return useMutation({
    mutationFn: (schedule: string) => client.runSchedule(id, schedule),
    onSuccess: ({ name }) => {
      const waits = status === 'paused' ? ' It waits: the integration is paused.' : '';
      told(`Its progress is under Schedules.${waits}`, `${name} has begun`);
      return refreshIntegrations();
    },
    onError: (error, name) => failed(error, `${name} did not begin`),
  });
}

/** Runs the integration's schedule; with several asks which, with none leads to making one. */
export function SyncNow({ integration, size = 'xs' }: { integration: Of; size?: 'xs' | 'sm' }) {
  const [choice, setChoice] = useState<Schedule[] | null>(null);
  const run = useRunSchedule(integration);
  const look = useMutation({
    mutationFn: () => client.schedules(integration.id, { limit: 200 }),
    onSuccess: ({ items }) => {
      const [only] = items;
      if (items.length === 1 && only !== undefined) run.mutate(only.name);
      else setChoice(items);
    },
    onError: (error) => failed(error, 'No schedule was run'),
  });
  const close = () => setChoice(null);
  if (!useCan('schedules.run')) return null;
  return (
    <>
      <Button
        size={size}
        variant="light"
        leftSection={<IconRefresh size={16} aria-hidden />}
        loading={look.isPending || run.isPending}
        onClick={() => look.mutate()}
        aria-label={`Sync now: ${integration.name}`}
      >
        Sync now
      </Button>
      <Modal opened={choice !== null} onClose={close} title={`Sync ${integration.name} now`}>
        {choice?.length === 0 && <NoSchedule integration={integration} />}
        {choice !== null && choice.length > 0 && (
          <Choice
            schedules={choice}
            pick={(name) => {
              close();
              run.mutate(name);
            }}
          />
        )}
      </Modal>
    </>
  );
}

function NoSchedule({ integration: { id, name } }: { integration: Of }) {
  const canMake = useCan('schedules.write');
  return (
    <Stack gap="md" align="flex-start">
      <Text size="sm">{name} has no schedule yet, which says what to sync, and when.</Text>
      {canMake ? (
        <Button component={Link} to={integrationPath(id, adding('schedule'))}>
          Make a schedule
        </Button>
      ) : (
        <Text size="sm">Ask somebody who may configure integrations to make one.</Text>
      )}
    </Stack>
  );
}

function Choice({ schedules, pick }: { schedules: Schedule[]; pick: (name: string) => void }) {
  return (
    <Stack gap="xs">
      <Text size="sm">Which schedule is to be run?</Text>
      {schedules.map((schedule) => (
        <Button
          key={schedule.name}
          variant="default"
          h="auto"
          py="xs"
          justify="flex-start"
          onClick={() => pick(schedule.name)}
        >
          <Stack gap={0} align="flex-start">
            <span>
              {schedule.name}: {schedule.command}
            </span>
            <Text size="xs" c="dimmed">
              {cronText(schedule)}
            </Text>
          </Stack>
        </Button>
      ))}
    </Stack>
  );
}
