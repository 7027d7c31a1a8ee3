import { Group, Progress, Stack, Text } from '@mantine/core';
import type { BatchCounts } from '../../contract/batch.ts';
import { countWords } from './measures.ts';

type Segment = { key: keyof BatchCounts; word: string; color: string | null };

/** In the order in which they stand in the bar. What has no colour has not ended, and leaves it empty. */
const segments: readonly Segment[] = [
  { key: 'succeeded', word: 'succeeded', color: 'teal.7' },
  { key: 'absent', word: 'absent', color: 'gray.6' },
  { key: 'cancelled', word: 'cancelled', color: 'gray.5' },
  { key: 'failed', word: 'failed', color: 'red.7' },
  { key: 'retrying', word: 'will be tried again', color: null },
  { key: 'running', word: 'running', color: null },
  { key: 'queued', word: 'waiting', color: null },
];

export const endedOf = ({ succeeded, failed, absent, cancelled }: BatchCounts) =>
  succeeded + failed + absent + cancelled;

/** "570 of 1,000 done, 4 failed". */
export function progressWords(counts: BatchCounts): string {
  const failed = counts.failed === 0 ? '' : `, ${countWords(counts.failed)} failed`;
  return `${countWords(endedOf(counts))} of ${countWords(counts.total)} done${failed}`;
}

type CountsBarProps = {
  counts: BatchCounts;
  /** Whose progress it is, for those who listen. */
  label: string;
  size?: string;
};

/** How far something is, and how it went so far, as one bar. Say it in words beside it. */
export function CountsBar({ counts, label, size = 'md' }: CountsBarProps) {
  const { total } = counts;
  return (
    <Progress.Root
      size={size}
      miw={90}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={total}
      aria-valuenow={endedOf(counts)}
      aria-valuetext={progressWords(counts)}
    >
      {segments
        .filter(({ key }) => counts[key] > 0)
        .map(
          ({ key, color }) =>
            color !== null && (
              <Progress.Section key={key} withAria={false} value={(counts[key] / total) * 100} color={color} />
            ),
        )}
    </Progress.Root>
  );
}

/** The counts in words, each with the colour that it has in the bar. */
export function CountsLegend({ counts }: { counts: BatchCounts }) {
  const { unchanged } = counts;
  return (
    <Group gap="md" component="ul" m={0} p={0} className="plain-list">
      {segments
        .filter(({ key }) => counts[key] > 0)
        .map(({ key, word, color }) => (
          <Group key={key} component="li" gap={6} wrap="nowrap">
            {color !== null && <Swatch color={color} />}
            <Text size="sm">
              <b>{countWords(counts[key])}</b> {word}
              {key === 'succeeded' && unchanged > 0 && ` (${countWords(unchanged)} unchanged)`}
            </Text>
          </Group>
        ))}
    </Group>
  );
}

function Swatch({ color }: { color: string }) {
  return <Stack w={10} h={10} bg={color} bdrs={2} flex="none" aria-hidden />;
}
