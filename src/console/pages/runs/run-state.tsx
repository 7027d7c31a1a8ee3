import { Group, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconPlayerPlay, IconSlash } from '@tabler/icons-react';
import type { RunSummary } from '../../../contract/run.ts';
import { tones } from '../../parts/tones.ts';
import { type RunTone, runTone, runWords } from './run-words.ts';

const icons: Readonly<Record<RunTone, typeof IconSlash>> = {
  good: IconCircleCheck,
  doubtful: IconAlertTriangle,
  bad: IconCircleX,
  calm: IconSlash,
};

/** How a night went, or goes. */
export function RunState({ run }: { run: RunSummary }) {
  const tone = runTone(run);
  const Icon = tone === 'calm' && run.finishedAt === null ? IconPlayerPlay : icons[tone];
  return (
    <Group component="span" display="inline-flex" gap={6} wrap="nowrap">
      <Icon size={16} color={tones[tone]} aria-hidden className="no-shrink" />
      <Text component="span" size="sm">
        {runWords(run)}
      </Text>
    </Group>
  );
}
