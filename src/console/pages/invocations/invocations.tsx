import { Group, Stack, Text } from '@mantine/core';
import { IconPlayerPause, IconPointFilled } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Empty } from '../../parts/empty.tsx';
import { Page } from '../../parts/page.tsx';
import { PagesOf } from '../../parts/pages-of.tsx';
import { RetryAllFailed } from '../../parts/retry-all-failed.tsx';
import { useCan } from '../../session.tsx';
import { BulkActions } from './bulk-actions.tsx';
import { FilterBar } from './filter-bar.tsx';
import { type Filters, retryAllOf } from './filters.ts';
import './invocations.css';
import { InvocationList } from './invocation-list.tsx';
import { Invoke } from './invoke.tsx';
import { useAtTop, useInvocations } from './live-list.ts';
import { SelectionProvider, useSelection } from './selection.tsx';
import { useFilters } from './use-filters.ts';

/** Every use of a command, newest first, as it happens. */
export default function Invocations() {
  const { filters, change, clear } = useFilters();
  const selection = useSelection(JSON.stringify(filters));
  const atTop = useAtTop();
  const selecting = selection.ids.size > 0;
  const pages = useInvocations(filters, atTop && !selecting);
  const [mayRetry, mayCancel, mayInvoke] = [
    useCan('invocations.redrive'),
    useCan('invocations.cancel'),
    useCan('invocations.enqueue'),
  ];
  const selectable = mayRetry || mayCancel;
  const narrowed = Object.keys(filters).length > 0;
  return (
    <Page
      title="Invocations"
      about={<Liveness selecting={selecting} atTop={atTop} failed={pages.isError} />}
      actions={
        <>
          <RetryAllFailed filter={() => retryAllOf(filters, Date.now())} of={wordsOf(filters)} />
          {mayInvoke && <Invoke integration={filters.integration} command={filters.command} />}
        </>
      }
    >
      <FilterBar filters={filters} change={change} clear={clear} error={pages.error} />
      <SelectionProvider value={selectable ? selection : null}>
        <PagesOf pages={pages}>
          {(items) => (
            <Stack gap="sm">
              {selecting && (
                <BulkActions selected={items.filter(({ id }) => selection.ids.has(id))} selection={selection} />
              )}
              {items.length === 0 ? (
                <Nothing narrowed={narrowed} mayInvoke={mayInvoke} />
              ) : (
                <InvocationList invocations={items} selectable={selectable} />
              )}
            </Stack>
          )}
        </PagesOf>
      </SelectionProvider>
    </Page>
  );
}

/** The whole list, also what is further down. */
const wordsOf = (filters: Filters) => (Object.keys(filters).length === 0 ? 'of all integrations' : 'of this list');

function Liveness({ selecting, atTop, failed }: { selecting: boolean; atTop: boolean; failed: boolean }) {
  const paused = (why: string) => (
    <Mark icon={<IconPlayerPause size={14} aria-hidden />}>New ones are paused: {why}</Mark>
  );
  if (failed) return paused('the list could not be fetched.');
  if (selecting) return paused('you are selecting.');
  if (!atTop) return paused('scroll to the top to see them.');
  return <Mark icon={<IconPointFilled size={14} aria-hidden />}>Live: new ones come in by themselves.</Mark>;
}

function Mark({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <Group gap={4} role="status">
      {icon}
      <Text size="sm" component="span">
        {children}
      </Text>
    </Group>
  );
}

function Nothing({ narrowed, mayInvoke }: { narrowed: boolean; mayInvoke: boolean }) {
  if (narrowed) {
    return <Empty title="No invocation fits these filters">Clear some of them, or look at a longer time.</Empty>;
  }
  return (
    <Empty title="Nothing has been invoked yet">
      Your billing system invokes commands with POST /v1/invocations.{mayInvoke && ' Or try one here with Invoke.'}
    </Empty>
  );
}
