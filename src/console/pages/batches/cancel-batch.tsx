import { Button } from '@mantine/core';
import { IconSlash } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import type { Batch } from '../../../contract/batch.ts';
import { client } from '../../client.ts';
import { askFirst } from '../../parts/ask-first.tsx';
import { endedOf } from '../../parts/counts-bar.tsx';
import { many } from '../../parts/measures.ts';
import { told } from '../../parts/tell.ts';
import { useCan } from '../../session.tsx';

/** Asks, with what will happen. Not there for those who may not. */
export function CancelBatch({ batch }: { batch: Batch }) {
  const queries = useQueryClient();
  if (!useCan('invocations.cancel')) return null;
  const name = `${batch.integration} ${batch.command}`;
  const ask = () =>
    askFirst({
      title: `Cancel the batch ${name}`,
      happens: `About ${many(batch.total - endedOf(batch), 'invocation')} that ${batch.total - endedOf(batch) === 1 ? 'has' : 'have'} not ended will be cancelled; requests that are being sent are broken off, and their server may have acted on them. What has ended stays as it is.`,
      yes: 'Cancel the batch',
      no: 'Let it go on',
      danger: true,
      act: async () => {
        queries.setQueryData(['batch', batch.id], await client.cancelBatch(batch.id));
        told(`The batch ${name} is cancelled.`);
      },
    });
  return (
    <Button variant="default" leftSection={<IconSlash size={16} aria-hidden />} onClick={ask}>
      Cancel the batch
    </Button>
  );
}
