import { ActionIcon, Button, Card, Code, Group, Stack, Switch, Text, Title } from '@mantine/core';
import { IconPencil, IconPlayerPlay, IconPlus, IconTrash } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import type { Integration } from '../../../contract/integration.ts';
import type { Schedule } from '../../../contract/schedule.ts';
import { client } from '../../client.ts';
import { askFirst } from '../../parts/ask-first.tsx';
import { Empty } from '../../parts/empty.tsx';
import { refreshIntegrations, useSchedules } from '../../parts/integration-queries.ts';
import { LastRun } from '../../parts/last-run.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { failed } from '../../parts/tell.ts';
import { When } from '../../parts/when.tsx';
import { useCan } from '../../session.tsx';
import { ScheduleDialog } from './schedule-dialog.tsx';
import { bodyOfSchedule } from './schedule-values.ts';
import { cronText, whatItRuns } from './schedule-words.ts';
import { useRunSchedule } from './sync-now.tsx';
import { useEditing } from './use-editing.ts';

type Of = { integration: Integration };

/** What starts batches by itself. Which one is being edited is in the address. */
export function SchedulesTab({ integration }: Of) {
  const query = useSchedules(integration.id);
  const mayWrite = useCan('schedules.write');
  const { isNew, name: editing, add, close } = useEditing('schedule');
  return (
    <Loaded query={query}>
      {({ items }) => (
        <Stack gap="sm">
          {mayWrite && (
            <div>
              <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={add}>
                Add schedule
              </Button>
            </div>
          )}
          {items.length === 0 && (
            <Empty title="No schedules">
              A schedule syncs by itself: each night at two, for a list of invoices or for what their server lists.
            </Empty>
          )}
          {items.map((schedule) => (
            <ScheduleCard key={schedule.name} integration={integration} schedule={schedule} />
          ))}
          {mayWrite && (
            <ScheduleDialog
              integration={integration.id}
              isNew={isNew}
              schedule={items.find(({ name }) => name === editing) ?? null}
              taken={items.map(({ name }) => name)}
              close={close}
            />
          )}
        </Stack>
      )}
    </Loaded>
  );
}

type OfSchedule = Of & { schedule: Schedule };

function ScheduleCard({ integration, schedule }: OfSchedule) {
  const { name, command, cron, nextRunAt, lastRun, enabled } = schedule;
  return (
    <Card withBorder component="article" aria-label={name} p="sm">
      <Group justify="space-between" align="flex-start" gap="sm">
        <Stack gap={2}>
          <Title order={2} size="h5">
            {name}
          </Title>
          <Text size="sm">
            {cronText(schedule)} <Code>{cron}</Code>
          </Text>
          <Text size="sm" c="dimmed">
            {command} for {whatItRuns(schedule)}
          </Text>
          <Text size="sm">
            Next run {nextRunAt !== null && enabled ? <When at={nextRunAt} /> : 'none: it is switched off'}
          </Text>
          <Group gap={4} align="flex-start">
            <Text size="sm">Last run:</Text>
            <LastRun run={lastRun} />
          </Group>
        </Stack>
        <Actions integration={integration} schedule={schedule} />
      </Group>
    </Card>
  );
}

function Actions({ integration, schedule }: OfSchedule) {
  const run = useRunSchedule(integration);
  const mayRun = useCan('schedules.run');
  const mayWrite = useCan('schedules.write');
  const { name } = schedule;
  return (
    <Group gap="xs">
      {mayWrite ? (
        <Enabled integration={integration} schedule={schedule} />
      ) : (
        <Text size="sm">{schedule.enabled ? 'Enabled' : 'Switched off'}</Text>
      )}
      {mayRun && (
        <Button
          size="xs"
          variant="light"
          leftSection={<IconPlayerPlay size={14} aria-hidden />}
          loading={run.isPending}
          onClick={() => run.mutate(name)}
          aria-label={`Run now: ${name}`}
        >
          Run now
        </Button>
      )}
      {mayWrite && <Changes integration={integration} schedule={schedule} />}
    </Group>
  );
}

function Changes({ integration: { id }, schedule: { name } }: OfSchedule) {
  const { edit } = useEditing('schedule');
  const remove = async () => {
    await client.deleteSchedule(id, name);
    await refreshIntegrations();
  };
  const happens = `${name} runs no more. A run that is open goes on, and what was fetched stays.`;
  const ask = () => askFirst({ title: `Delete ${name}`, happens, yes: `Delete ${name}`, danger: true, act: remove });
  return (
    <>
      <ActionIcon variant="subtle" color="gray" aria-label={`Edit ${name}`} title="Edit" onClick={() => edit(name)}>
        <IconPencil size={16} aria-hidden />
      </ActionIcon>
      <ActionIcon variant="subtle" color="red" aria-label={`Delete ${name}`} title="Delete" onClick={ask}>
        <IconTrash size={16} aria-hidden />
      </ActionIcon>
    </>
  );
}

function Enabled({ integration: { id }, schedule }: OfSchedule) {
  const switching = useMutation({
    mutationFn: (enabled: boolean) => client.putSchedule(id, schedule.name, { ...bodyOfSchedule(schedule), enabled }),
    onSuccess: () => refreshIntegrations(),
    onError: (error) => failed(error),
  });
  return (
    <Switch
      label="Enabled"
      aria-label={`${schedule.name} is enabled`}
      checked={switching.isPending ? switching.variables : schedule.enabled}
      onChange={({ currentTarget }) => switching.mutate(currentTarget.checked)}
    />
  );
}
