import { Accordion, Anchor, Button, Group, NativeSelect, Stack, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import type { DryRun as DryRunAnswer, DryRunItem } from '../../../contract/command-check.ts';
import type { SentRequest } from '../../../contract/invocation.ts';
import { client } from '../../client.ts';
import { Empty } from '../../parts/empty.tsx';
import { ErrorNotice } from '../../parts/error-notice.tsx';
import { countWords, many } from '../../parts/measures.ts';
import { exactTime, relativeTime } from '../../parts/when.tsx';
import { useCan } from '../../session.tsx';
import { useEditor } from './editor-context.ts';
import { TextDiff } from './text-diff.tsx';

const howMany = ['20', '50', '100', '200'];

/** What would have been different on the wire, had the draft been there before. */
export default function DryRun() {
  const { integration, command, body, checking } = useEditor();
  const [last, setLast] = useState('20');
  const run = useMutation({
    mutationFn: async (draft: typeof body) => ({
      draft,
      answer: await client.dryRunCommand(integration, command, { draft, last: Number(last) }),
    }),
  });
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        Fills in the form with the values of invocations that there were, and shows where that makes other requests than
        the command as it is saved now. Nothing is sent.
      </Text>
      <Group align="flex-end">
        <NativeSelect
          label="Newest invocations"
          data={howMany}
          value={last}
          onChange={({ currentTarget }) => setLast(currentTarget.value)}
        />
        <Button loading={run.isPending} disabled={checking.errors.length > 0} onClick={() => run.mutate(body)}>
          Compare
        </Button>
      </Group>
      {checking.errors.length > 0 && (
        <Text size="sm">What is wrong in the form has to be put right before it can be compared.</Text>
      )}
      {run.isError && <ErrorNotice error={run.error} />}
      {run.data !== undefined && !run.isPending && <Answer answer={run.data.answer} stale={run.data.draft !== body} />}
    </Stack>
  );
}

function Answer({ answer: { compared, changed, failing, items }, stale }: { answer: DryRunAnswer; stale: boolean }) {
  if (compared === 0) return <Empty title="No invocations yet">There is nothing to compare the form with.</Empty>;
  const told = items.filter((item) => item.changed || item.problem !== null);
  return (
    <Stack gap="sm">
      <Title order={2} size="h4" role="status">
        Of {many(compared, 'invocation')}: {countWords(changed)} would change, {countWords(failing)} would fail
      </Title>
      {stale && <Text size="sm">The form has been changed since; compare again to see what that does.</Text>}
      {told.length === 0 ? (
        <Text size="sm">Every request would be what the saved command sends.</Text>
      ) : (
        <Accordion multiple variant="separated" order={3}>
          {told.map((item) => (
            <Accordion.Item key={item.invocation} value={item.invocation}>
              <Accordion.Control>
                <Text size="sm" className="wrap-anywhere">
                  {titleOf(item)}
                </Text>
              </Accordion.Control>
              <Accordion.Panel>
                <Comparison item={item} />
              </Accordion.Panel>
            </Accordion.Item>
          ))}
        </Accordion>
      )}
    </Stack>
  );
}

function titleOf({ at, problem, after, before }: DryRunItem): string {
  const what = (after ?? before)?.url ?? 'No request';
  return `${relativeTime(at)}: ${problem === null ? 'changed' : 'would fail'}: ${what}`;
}

function Comparison({ item: { invocation, at, before, after, changed, problem } }: { item: DryRunItem }) {
  const mayLook = useCan('invocations.read');
  const [wasText, willBeText] = [wireText(before), wireText(after)];
  return (
    <Stack gap="xs">
      <Text size="sm" c="dimmed">
        {exactTime(at)}
        {mayLook && (
          <>
            {' · '}
            <Anchor component={Link} underline="always" to={`/invocations/${invocation}`}>
              Look at the invocation
            </Anchor>
          </>
        )}
      </Text>
      {problem !== null && <Text size="sm">Would fail: {problem}</Text>}
      {before === null && <Text size="sm">As the command is saved now, there is no request for it.</Text>}
      {changed && after !== null && wasText === willBeText && (
        <Text size="sm">Only a masked value is different: another secret or hidden token stands in its place.</Text>
      )}
      {after !== null && wasText !== willBeText && (
        <TextDiff label="Request before and after" before={wasText} after={willBeText} />
      )}
    </Stack>
  );
}

/** As it goes over the wire, near enough to compare. */
function wireText(request: SentRequest | null): string {
  if (request === null) return '';
  const { method, url, headers, body } = request;
  const lines = [`${method} ${url}`, ...headers.map(({ key, value }) => `${key}: ${value}`)];
  return body === null ? lines.join('\n') : `${lines.join('\n')}\n\n${body}`;
}
