import { Box, Group, Text } from '@mantine/core';
import type { Phases } from '../../../contract/invocation.ts';
import { durationWords } from '../../parts/measures.ts';
import { isReused, phasesIn } from './timeline.ts';

const colors: Readonly<Record<keyof Phases, string>> = {
  dnsMs: 'var(--mantine-color-grape-6)',
  connectMs: 'var(--mantine-color-blue-6)',
  tlsMs: 'var(--mantine-color-teal-6)',
  firstByteMs: 'var(--mantine-color-yellow-6)',
  bodyMs: 'var(--mantine-color-green-6)',
};

/** Where the time of an exchange went: a bar, and the same in words below it. */
export function PhaseBar({ phases }: { phases: Phases | null }) {
  if (phases === null) return null;
  const shown = phasesIn(phases);
  return (
    <Box>
      <Group gap={2} h={10} wrap="nowrap" aria-hidden>
        {shown.map(({ key, ms }) => (
          // A phase of no time is still seen to have been there.
          <Box key={key} h="100%" miw={3} bg={colors[key]} style={{ flexGrow: ms, flexBasis: 0, borderRadius: 2 }} />
        ))}
      </Group>
      <Group component="ul" gap="xs" mt={4} className="bare-list" aria-label="Where the time went">
        {shown.map(({ key, label, ms }) => (
          <Group component="li" key={key} gap={4} wrap="nowrap">
            <Box w={8} h={8} bg={colors[key]} style={{ borderRadius: 2 }} aria-hidden />
            <Text size="xs">
              {label}: {durationWords(ms)}
            </Text>
          </Group>
        ))}
        {isReused(phases) && (
          <Text component="li" size="xs" c="dimmed">
            over a connection that was open already
          </Text>
        )}
      </Group>
    </Box>
  );
}
