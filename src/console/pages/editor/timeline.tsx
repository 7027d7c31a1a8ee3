import { Table, Text, Title } from '@mantine/core';
import type { AttemptPlan } from '../../../contract/command-check.ts';
import type { Lane } from '../../../contract/lane.ts';
import { durationWords, many } from '../../parts/measures.ts';
import { laneWords } from '../../words.ts';

/** When a lane's attempts would begin: as times to read, and drawn beside them. */
export function Timeline({ lane, plan }: { lane: Lane; plan: AttemptPlan }) {
  const { attempts, deadlineMs, timeoutMs } = plan;
  const last = attempts.at(-1)?.latestMs ?? 0;
  // To the end of what can still happen, not to a deadline far behind it.
  const axisMs = Math.max(1, Math.min(deadlineMs, last + timeoutMs));
  return (
    <section aria-labelledby={`timeline-${lane}`}>
      <Title order={3} size="h5" id={`timeline-${lane}`}>
        {laneWords[lane]}
      </Title>
      <Text size="sm" c="dimmed">
        {many(attempts.length, 'attempt')} within {durationWords(deadlineMs)}, each of {durationWords(timeoutMs)} at
        most. A Retry-After can make it later.
      </Text>
      <Table className="timeline" verticalSpacing={4} mt="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Attempt</Table.Th>
            <Table.Th scope="col">Begins after</Table.Th>
            <Table.Th aria-hidden className="timeline-axis">
              <span>0</span>
              <span>{durationWords(axisMs / 2)}</span>
              <span>{durationWords(axisMs)}</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {attempts.map(({ number, earliestMs, latestMs }) => (
            <Table.Tr key={number}>
              <Table.Td>{number}</Table.Td>
              <Table.Td>{beginning(earliestMs, latestMs)}</Table.Td>
              <Table.Td aria-hidden className="timeline-track">
                <div
                  className="timeline-bar"
                  style={{
                    left: `${(earliestMs / axisMs) * 100}%`,
                    width: `max(4px, ${((latestMs - earliestMs) / axisMs) * 100}%)`,
                  }}
                />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}

function beginning(earliestMs: number, latestMs: number): string {
  if (latestMs === 0) return 'at once';
  return earliestMs === latestMs
    ? durationWords(earliestMs)
    : `${durationWords(earliestMs)} – ${durationWords(latestMs)}`;
}
