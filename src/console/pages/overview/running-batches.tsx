import { Anchor, Card, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Batch } from '../../../contract/batch.ts';
import { client } from '../../client.ts';
import { CountsBar, progressWords } from '../../parts/counts-bar.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { refreshMs } from './refresh.ts';

const shown = 5;

/** The batches that are under way. */
export function RunningBatches() {
  const query = useQuery({
    queryKey: ['batches', 'running'],
    queryFn: ({ signal }) => client.batches({ status: 'running', limit: shown }, { signal }),
    refetchInterval: refreshMs,
  });
  return (
    <Card withBorder component="section" aria-labelledby="running-batches">
      <Title order={2} size="h4" id="running-batches" mb="xs">
        Running batches
      </Title>
      <Loaded query={query}>{({ items, nextCursor }) => <Running batches={items} more={nextCursor !== null} />}</Loaded>
    </Card>
  );
}

function Running({ batches, more }: { batches: Batch[]; more: boolean }) {
  return (
    <Stack gap="sm">
      {batches.length === 0 && (
        <Text size="sm" c="dimmed">
          No batch runs just now.
        </Text>
      )}
      {batches.map((batch) => (
        <Stack key={batch.id} gap={4}>
          <Group justify="space-between" gap="xs">
            <Anchor component={Link} to={`/batches/${batch.id}`} size="sm" fw={500}>
              {batch.integration} {batch.command}
            </Anchor>
            <Text size="sm">{progressWords(batch)}</Text>
          </Group>
          <CountsBar counts={batch} label={`Progress of ${batch.integration} ${batch.command}`} />
        </Stack>
      ))}
      <Anchor component={Link} to={more ? '/batches?status=running' : '/batches'} size="sm">
        {more ? 'All running batches' : 'All batches'}
      </Anchor>
    </Stack>
  );
}
