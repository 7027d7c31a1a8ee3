import { Center, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** That there is nothing, why, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Center p="xl">
      <Stack gap="xs" align="center" ta="center" maw={520}>
        <Text fw={600}>{title}</Text>
        <Text component="div" c="dimmed" size="sm">
          {children}
        </Text>
      </Stack>
    </Center>
  );
}
