import { Anchor, Group, Stack, Text } from '@mantine/core';
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconPlayerPlay,
  IconPlayerSkipForward,
  IconSlash,
} from '@tabler/icons-react';
import { Link } from 'react-router';
import type { RunOutcome, Schedule } from '../../../contract/schedule.ts';
import { type Tone, tones } from '../../parts/tones.ts';
import { When } from '../../parts/when.tsx';

const outcomes: Readonly<Record<RunOutcome, { words: string; icon: typeof IconSlash; tone: Tone }>> = {
  clean: { words: 'all succeeded', icon: IconCircleCheck, tone: 'good' },
  partial: { words: 'some failed', icon: IconAlertTriangle, tone: 'doubtful' },
  failed: { words: 'failed', icon: IconCircleX, tone: 'bad' },
  running: { words: 'running', icon: IconPlayerPlay, tone: 'calm' },
  skipped: { words: 'skipped', icon: IconPlayerSkipForward, tone: 'doubtful' },
  cancelled: { words: 'cancelled', icon: IconSlash, tone: 'calm' },
};

/** When a schedule ran last, and how that went. */
export function LastRun({ run }: { run: Schedule['lastRun'] }) {
  if (run === null) return <Text size="sm">Never</Text>;
  const { words, icon: Icon, tone } = outcomes[run.outcome];
  return (
    <Stack gap={0}>
      <Group gap={6} wrap="nowrap">
        <Icon size={16} color={tones[tone]} aria-hidden className="no-shrink" />
        <Text size="sm" component="div">
          {run.batch === null ? (
            words
          ) : (
            <Anchor component={Link} to={`/batches/${run.batch}`} inherit underline="always">
              {words}
            </Anchor>
          )}
          , <When at={run.at} />
        </Text>
      </Group>
      {run.reason !== null && (
        <Text size="xs" c="dimmed" className="wrap-anywhere" maw={360}>
          {run.reason}
        </Text>
      )}
    </Stack>
  );
}
