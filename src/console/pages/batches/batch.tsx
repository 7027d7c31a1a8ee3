import { Alert, Anchor, Card, List, Stack, Text, Title } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import type { Batch as BatchType } from '../../../contract/batch.ts';
import { client } from '../../client.ts';
import { CodeCounts } from '../../parts/code-counts.tsx';
import { HoldNotice } from '../../parts/hold-notice.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Page } from '../../parts/page.tsx';
import { RetryAllFailed } from '../../parts/retry-all-failed.tsx';
import { useCan } from '../../session.tsx';
import { BatchFacts } from './batch-facts.tsx';
import { BatchProgress } from './batch-progress.tsx';
import { CancelBatch } from './cancel-batch.tsx';
import { Missing } from './missing.tsx';
import { useBatch } from './use-batch.ts';

export default function Batch() {
  const { id = '' } = useParams();
  const query = useBatch(id);
  const { data: batch } = query;
  return (
    <Page
      title={batch === undefined ? 'Batch' : `Batch ${batch.integration} ${batch.command}`}
      about={
        <Anchor component={Link} to="/batches" inherit>
          All batches
        </Anchor>
      }
      actions={batch !== undefined && <Actions batch={batch} />}
    >
      <Loaded query={query}>{(loaded) => <Whole batch={loaded} />}</Loaded>
    </Page>
  );
}

function Actions({ batch }: { batch: BatchType }) {
  return (
    <>
      {batch.failed > 0 && (
        <RetryAllFailed
          filter={() => ({ batch: batch.id })}
          of={`of the batch ${batch.integration} ${batch.command}`}
        />
      )}
      {batch.finishedAt === null && batch.status !== 'cancelled' && <CancelBatch batch={batch} />}
    </>
  );
}

function Whole({ batch }: { batch: BatchType }) {
  return (
    <>
      <Warnings warnings={batch.warnings} />
      <Card withBorder component="section" aria-label="Progress">
        <Stack gap="sm">
          <BatchProgress batch={batch} />
          {batch.finishedAt === null && <WhyItWaits integration={batch.integration} />}
        </Stack>
      </Card>
      <BatchFacts batch={batch} />
      <Failures batch={batch} />
      {batch.finishedAt === null ? (
        <Text size="sm" c="dimmed">
          When the batch has ended, what is missing is listed here, item by item.
        </Text>
      ) : (
        <Missing batch={batch} />
      )}
    </>
  );
}

function Warnings({ warnings }: { warnings: string[] }) {
  if (warnings.length === 0) return null;
  return (
    <Alert color="orange" variant="light" icon={<IconInfoCircle aria-hidden />} title="Seen when it was handed over">
      <List size="sm">
        {warnings.map((warning) => (
          <List.Item key={warning}>{warning}</List.Item>
        ))}
      </List>
    </Alert>
  );
}

function WhyItWaits({ integration }: { integration: string }) {
  const mayLook = useCan('integrations.read');
  const { data } = useQuery({
    queryKey: ['integrations', integration],
    queryFn: ({ signal }) => client.getIntegration(integration, { signal }),
    enabled: mayLook,
    refetchInterval: 5_000,
  });
  return <HoldNotice hold={data?.hold ?? null} whole />;
}

function Failures({ batch }: { batch: BatchType }) {
  const report = useQuery({
    queryKey: ['batch', batch.id, 'report', 'codes'],
    queryFn: ({ signal }) => client.batchReport(batch.id, { limit: 1 }, { signal }),
    refetchInterval: batch.finishedAt === null ? 5_000 : false,
  });
  return (
    <section aria-labelledby="by-code">
      <Title order={2} size="h4" id="by-code" mb="xs">
        Failures by code
      </Title>
      <Loaded query={report}>
        {({ byCode }) => (
          <CodeCounts
            byCode={byCode}
            linkOf={(code) => `/invocations?batch=${batch.id}&code=${code}`}
            none={batch.finishedAt === null ? 'Nothing has failed so far.' : 'Nothing failed.'}
          />
        )}
      </Loaded>
    </section>
  );
}
