import { Badge, Stack, Tabs } from '@mantine/core';
import { lazy, type ReactNode, Suspense } from 'react';
import { useSearchParams } from 'react-router';
import type { FieldError } from '../../../contract/problem.ts';
import { many } from '../../parts/measures.ts';
import { PageLoading } from '../../parts/page-loading.tsx';
import { useCan } from '../../session.tsx';
import { useEditor } from './editor-context.ts';
import { Preview } from './preview.tsx';
import { RequestForm } from './request-form.tsx';
import { RetryForm } from './retry-form.tsx';
import { SendTest } from './send-test.tsx';
import { SuccessForm } from './success-form.tsx';
import { isAt } from './use-checking.ts';
import type { Drafting } from './use-draft.ts';
import { type Samples, useSamples } from './use-samples.ts';

const History = lazy(() => import('./history.tsx'));
const DryRun = lazy(() => import('./dry-run.tsx'));

const tabs = ['request', 'success', 'retries', 'dry-run', 'history'] as const;
export type Tab = (typeof tabs)[number];

/** Which fields are where. */
const fields: Readonly<Partial<Record<Tab, readonly string[]>>> = {
  request: ['request'],
  success: ['accept', 'conditional'],
  retries: ['timeoutMs', 'deadlineMs', 'retry'],
};

export const tabOf = (text: string | null): Tab => tabs.find((tab) => tab === text) ?? 'request';

const problemsIn = (tab: Tab, errors: readonly FieldError[]) =>
  errors.filter(({ path }) => fields[tab]?.some((field) => isAt(path, field))).length;

/** The first tab that has something to put right. */
export const tabWithProblems = (errors: readonly FieldError[]): Tab | null =>
  tabs.find((tab) => problemsIn(tab, errors) > 0) ?? null;

export function EditorTabs({ tab, drafting }: { tab: Tab; drafting: Drafting }) {
  const { checking } = useEditor();
  const [, setSearch] = useSearchParams();
  const mayDryRun = useCan('commands.dry-run');
  const samples = useSamples(checking);
  const go = (to: string | null) =>
    setSearch((search) => {
      search.set('tab', tabOf(to));
      return search;
    });
  return (
    <Tabs value={tab} onChange={go} keepMounted={false}>
      <Tabs.List mb="md">
        <TabOf tab="request" words="Request" />
        <TabOf tab="success" words="What counts as success" />
        <TabOf tab="retries" words="Times and retries" />
        {mayDryRun && <TabOf tab="dry-run" words="Dry run" />}
        {drafting.base.version !== null && <TabOf tab="history" words="History" />}
      </Tabs.List>
      <Tabs.Panel value="request">
        <Beside samples={samples}>
          <RequestForm />
        </Beside>
      </Tabs.Panel>
      <Tabs.Panel value="success">
        <Beside samples={samples}>
          <SuccessForm />
        </Beside>
      </Tabs.Panel>
      <Tabs.Panel value="retries">
        <RetryForm />
      </Tabs.Panel>
      <Suspense fallback={<PageLoading />}>
        <Tabs.Panel value="dry-run">{mayDryRun && <DryRun />}</Tabs.Panel>
        <Tabs.Panel value="history">
          <History
            dirty={drafting.dirty}
            restore={(draft) => {
              drafting.replace(draft);
              go('request');
            }}
          />
        </Tabs.Panel>
      </Suspense>
    </Tabs>
  );
}

function TabOf({ tab, words }: { tab: Tab; words: string }) {
  const { checking } = useEditor();
  const problems = problemsIn(tab, checking.errors);
  const told = problems > 0 && (
    <Badge size="sm" color="red" circle aria-label={many(problems, 'problem')}>
      {problems}
    </Badge>
  );
  return (
    <Tabs.Tab value={tab} rightSection={told}>
      {words}
    </Tabs.Tab>
  );
}

/** A part of the form, with what comes of it beside it. */
function Beside({ samples, children }: { samples: Samples; children: ReactNode }) {
  const mayPreview = useCan('commands.preview');
  const mayTest = useCan('commands.test');
  if (!mayPreview) return children;
  return (
    <div className="editor-columns" data-beside>
      {children}
      <Stack gap="md">
        <Preview samples={samples} />
        {mayTest && <SendTest samples={samples} />}
      </Stack>
    </div>
  );
}
