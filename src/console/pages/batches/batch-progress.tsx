import { Group, Text } from '@mantine/core';
import type { Batch } from '../../../contract/batch.ts';
import { BatchState } from '../../parts/batch-state.tsx';
import { CountsBar, CountsLegend, endedOf, progressWords } from '../../parts/counts-bar.tsx';
import { durationWords, rateWords } from '../../parts/measures.ts';
import { usePace } from './use-batch.ts';

/** How far it is, how fast it goes and for how long still. */
export function BatchProgress({ batch }: { batch: Batch }) {
  const pace = usePace(batch);
  return (
    <>
      <Group justify="space-between" gap="xs">
        <BatchState batch={batch} />
        <Text size="sm">
          {progressWords(batch)}
          {batch.finishedAt === null && `; ${paceWords(batch, pace)}`}
        </Text>
      </Group>
      <CountsBar counts={batch} label="Progress" size="xl" />
      <CountsLegend counts={batch} />
    </>
  );
}

/** "12.5 a second, about 3 min left". */
function paceWords(batch: Batch, pace: number | null): string {
  if (pace === null) return 'measuring how fast it goes';
  if (pace === 0) return 'not moving just now';
  const left = batch.total - endedOf(batch);
  return `${rateWords(pace)} a second, about ${durationWords(Math.max(1_000, Math.round(left / pace) * 1_000))} left`;
}
