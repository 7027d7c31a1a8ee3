import { Badge, Tooltip } from '@mantine/core';
import { IconCircleCheck, IconCircleHalf2, IconClockExclamation } from '@tabler/icons-react';
import type { Integration } from '../../contract/integration.ts';

type Quality = NonNullable<Integration['lastSyncQuality']>;

const qualities = {
  complete: { icon: IconCircleCheck, color: 'teal', means: 'The newest batch brought everything.' },
  partial: { icon: IconCircleHalf2, color: 'orange', means: 'Something of the newest batch failed.' },
  stale: {
    icon: IconClockExclamation,
    color: 'red',
    means: 'A schedule is overdue, or has not been complete for long.',
  },
} as const satisfies Record<Quality, object>;

/** How good what was synced last is. */
export function SyncQuality({ quality }: { quality: Integration['lastSyncQuality'] }) {
  if (quality === null) return null;
  const { icon: Icon, color, means } = qualities[quality];
  return (
    <Tooltip label={means}>
      <Badge
        variant="default"
        size="sm"
        tt="none"
        fw={500}
        leftSection={<Icon size={14} color={`var(--mantine-color-${color}-6)`} aria-hidden />}
      >
        {quality}
      </Badge>
    </Tooltip>
  );
}
