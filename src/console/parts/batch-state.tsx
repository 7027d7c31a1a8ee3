import { Group, Text } from '@mantine/core';
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconClock,
  IconPlayerPlay,
  type IconProps,
  IconSlash,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';
import type { Batch } from '../../contract/batch.ts';
import { batchWords } from '../words.ts';
import { type Tone, tones } from './tones.ts';

type State = Pick<Batch, 'status' | 'outcome' | 'failed'>;

function markOf({ status, outcome }: State): { icon: ComponentType<IconProps>; tone: Tone } {
  if (status === 'cancelled') return { icon: IconSlash, tone: 'calm' };
  if (status === 'running') return { icon: IconPlayerPlay, tone: 'calm' };
  if (outcome === null) return { icon: IconClock, tone: 'calm' };
  if (outcome === 'clean') return { icon: IconCircleCheck, tone: 'good' };
  return outcome === 'failed' ? { icon: IconCircleX, tone: 'bad' } : { icon: IconAlertTriangle, tone: 'doubtful' };
}

/** "finished, 742 failed", with an icon. */
export function BatchState({ batch }: { batch: State }) {
  const { icon: Icon, tone } = markOf(batch);
  return (
    <Group component="span" display="inline-flex" gap={6} wrap="nowrap">
      <Icon size={16} color={tones[tone]} aria-hidden className="no-shrink" />
      <Text component="span" size="sm">
        {batchWords(batch)}
      </Text>
    </Group>
  );
}
