import { Anchor, Group, Stack, Text } from '@mantine/core';
import { Link } from 'react-router';
import type { ListedSchedule } from '../../../contract/schedule.ts';
import { client } from '../../client.ts';
import { cronWords } from '../../parts/cron-words.ts';
import { columnsOf, DataTable } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { IntegrationFilter } from '../../parts/filter-field.tsx';
import { LastRun } from '../../parts/last-run.tsx';
import { Page } from '../../parts/page.tsx';
import { PagesOf, usePages } from '../../parts/pages-of.tsx';
import { integrationPath } from '../../parts/paths.ts';
import { useUrlState } from '../../parts/url-state.ts';
import { When } from '../../parts/when.tsx';
import { RunNow } from './run-now.tsx';

const refreshMs = 10_000;

const column = columnsOf<ListedSchedule>();
const columns = [
  column.accessor('name', {
    header: 'Schedule',
    cell: ({ row: { original: schedule } }) => (
      <Stack gap={0}>
        <Anchor component={Link} to={`${integrationPath(schedule.integration)}?tab=schedules`} size="sm" fw={500}>
          {schedule.integration} {schedule.name}
        </Anchor>
        <Text size="xs" c="dimmed">
          {schedule.command}
        </Text>
      </Stack>
    ),
  }),
  column.accessor('cron', {
    header: 'When',
    cell: ({ row: { original: schedule } }) => (
      <Stack gap={0} miw={170}>
        <Text size="sm">{cronWords(schedule.cron) ?? schedule.cron}</Text>
        <Text size="xs" c="dimmed">
          {schedule.timezone} · <span className="mono no-break">{schedule.cron}</span>
        </Text>
      </Stack>
    ),
  }),
  column.accessor('nextRunAt', {
    header: 'Next run',
    cell: ({ row: { original: schedule } }) => <Next schedule={schedule} />,
  }),
  column.accessor('lastRun', { header: 'Last run', cell: ({ getValue }) => <LastRun run={getValue()} /> }),
  column.display({ id: 'run', header: 'Run it', cell: ({ row }) => <RunNow schedule={row.original} /> }),
];

function Next({ schedule: { enabled, nextRunAt } }: { schedule: ListedSchedule }) {
  if (!enabled) return <Text size="sm">switched off</Text>;
  return nextRunAt === null ? <Text size="sm">never</Text> : <When at={nextRunAt} />;
}

export default function Schedules() {
  const [integration] = useUrlState('integration');
  const filter = integration === '' ? {} : { integration };
  const pages = usePages<ListedSchedule>({
    queryKey: ['schedules', filter],
    fetchPage: (cursor, signal) =>
      client.allSchedules({ ...filter, ...(cursor === undefined ? {} : { cursor }) }, { signal }),
    refreshMs,
  });
  return (
    <Page title="Schedules" about="What starts batches by itself, of all integrations.">
      <Group component="search">
        <IntegrationFilter />
      </Group>
      <PagesOf pages={pages}>
        {(schedules) =>
          schedules.length === 0 ? (
            <Empty title={integration === '' ? 'No schedules yet' : 'No schedule fits'}>
              An integration has them on its Schedules tab.
            </Empty>
          ) : (
            <DataTable
              label="Schedules"
              columns={columns}
              rows={schedules}
              rowId={({ integration: of, name }) => `${of}/${name}`}
            />
          )
        }
      </PagesOf>
    </Page>
  );
}
