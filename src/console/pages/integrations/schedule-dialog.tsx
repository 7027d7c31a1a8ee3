import { Modal, useMatches } from '@mantine/core';
import { lazy, Suspense } from 'react';
import type { Schedule } from '../../../contract/schedule.ts';
import { PageLoading } from '../../parts/page-loading.tsx';
import { useShownLast } from '../../parts/shown-last.ts';

const ScheduleForm = lazy(() => import('./schedule-form.tsx'));

type DialogProps = {
  integration: string;
  isNew: boolean;
  /** The one to be changed. */
  schedule: Schedule | null;
  taken: string[];
  close: () => void;
};

/** Makes a schedule, or changes one. It is there while it is closed, too: only so does the focus go back. */
export function ScheduleDialog({ integration, isNew, schedule, taken, close }: DialogProps) {
  const fullScreen = useMatches({ base: true, sm: false });
  const opened = isNew || schedule !== null;
  const shown = useShownLast(schedule, opened);
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={shown === null ? 'Add schedule' : `Change ${shown.name}`}
      size="lg"
      fullScreen={fullScreen}
    >
      <Suspense fallback={<PageLoading />}>
        <ScheduleForm integration={integration} schedule={shown} taken={taken} close={close} />
      </Suspense>
    </Modal>
  );
}
