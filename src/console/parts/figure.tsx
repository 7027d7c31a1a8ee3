import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { type Tone, tones } from './tones.ts';

/** A number that stands out, with its name. */
export function Figure({ name, value, tone = 'calm' }: { name: string; value: ReactNode; tone?: Tone }) {
  return (
    <Stack gap={0}>
      <Text size="xs" c="dimmed">
        {name}
      </Text>
      <Text size="xl" fw={600} component="div" {...(tone === 'calm' ? {} : { c: tones[tone] })}>
        {value}
      </Text>
    </Stack>
  );
}
