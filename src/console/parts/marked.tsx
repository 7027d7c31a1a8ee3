import { Group, Text } from '@mantine/core';
import type { IconProps } from '@tabler/icons-react';
import type { ComponentType, ReactNode } from 'react';
import { type Tone, tones } from './tones.ts';

/** How a state looks; a word always says the same. */
export type Mark = { icon: ComponentType<IconProps>; tone: Tone };

type MarkedProps = { mark: Mark; size?: 'sm' | 'md'; children: ReactNode };

/** A state: an icon and a word, so that colour is not all there is. */
export function Marked({ mark: { icon: Icon, tone }, size = 'sm', children }: MarkedProps) {
  return (
    <Group component="span" display="inline-flex" gap={6} wrap="nowrap">
      <Icon size={size === 'sm' ? 16 : 20} color={tones[tone]} aria-hidden className="no-shrink" />
      <Text component="span" size={size} fw={size === 'sm' ? 400 : 600}>
        {children}
      </Text>
    </Group>
  );
}
