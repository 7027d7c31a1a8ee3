import { Group, Text } from '@mantine/core';
import {
  IconCircleCheck,
  IconCircleX,
  IconClock,
  IconPlayerPlay,
  type IconProps,
  IconRefresh,
  IconSlash,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';
import type { InvocationStatus } from '../../contract/invocation-status.ts';
import { statusWords } from '../words.ts';

const marks: Readonly<Record<InvocationStatus, { icon: ComponentType<IconProps>; color: string }>> = {
  queued: { icon: IconClock, color: 'var(--mantine-color-dimmed)' },
  running: { icon: IconPlayerPlay, color: 'var(--mantine-color-blue-text)' },
  retrying: { icon: IconRefresh, color: 'light-dark(var(--mantine-color-orange-9), var(--mantine-color-orange-4))' },
  succeeded: { icon: IconCircleCheck, color: 'light-dark(var(--mantine-color-green-9), var(--mantine-color-green-4))' },
  failed: { icon: IconCircleX, color: 'light-dark(var(--mantine-color-red-8), var(--mantine-color-red-4))' },
  cancelled: { icon: IconSlash, color: 'var(--mantine-color-dimmed)' },
};

/** How an invocation stands: an icon and a word, so that colour is not all there is. */
export function StatusMark({ status, size = 'sm' }: { status: InvocationStatus; size?: 'sm' | 'md' }) {
  const { icon: Icon, color } = marks[status];
  return (
    <Group component="span" gap={6} wrap="nowrap" display="inline-flex">
      <Icon size={size === 'sm' ? 16 : 20} color={color} aria-hidden style={{ flexShrink: 0 }} />
      <Text component="span" size={size} fw={size === 'sm' ? 400 : 600}>
        {statusWords[status]}
      </Text>
    </Group>
  );
}
