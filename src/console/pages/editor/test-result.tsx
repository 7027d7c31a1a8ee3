import { Alert, Code, Group, Spoiler, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconRefresh } from '@tabler/icons-react';
import type { CommandTest } from '../../../contract/command-test.ts';
import { bytesWords, durationWords } from '../../parts/measures.ts';
import { codeTitle, mendWords, outcomeWords, sideWords } from '../../words.ts';
import { CodeView, HeadersView, RequestView } from './request-view.tsx';

/** The whole exchange of a test, what it was judged to be first. */
export function TestResult({ test: { request, response, verdict, durationMs } }: { test: CommandTest }) {
  return (
    <Stack gap="sm">
      <Verdict verdict={verdict} />
      <div>
        <Title order={3} size="h5">
          Answer
        </Title>
        {response === null ? (
          <Text size="sm">None, after {durationWords(durationMs)}.</Text>
        ) : (
          <Stack gap="xs">
            <Group gap="xs">
              <Code fw={700}>{response.status}</Code>
              <Text size="sm">
                {bytesWords(response.bytes)} in {durationWords(durationMs)}
              </Text>
            </Group>
            <HeadersView headers={response.headers} label="Headers of the answer" />
            {response.bodyPreview === null ? (
              <Text size="sm" c="dimmed">
                {response.bytes === 0 ? 'It has no body.' : 'Its body is no text, and is not shown here.'}
              </Text>
            ) : (
              <CodeView text={response.bodyPreview} label="Body of the answer" />
            )}
          </Stack>
        )}
      </div>
      <div>
        <Title order={3} size="h5">
          Request
        </Title>
        <Spoiler
          maxHeight={120}
          showLabel="Show all of the request"
          hideLabel="Show less"
          styles={{ control: { fontSize: 'var(--mantine-font-size-sm)' } }}
        >
          <RequestView request={request} label="Request as it was sent" />
        </Spoiler>
      </div>
    </Stack>
  );
}

const looks = {
  succeeded: { color: 'green', icon: IconCircleCheck },
  retryable: { color: 'yellow', icon: IconRefresh },
  permanent: { color: 'red', icon: IconAlertTriangle },
} as const;

function Verdict({ verdict: { outcome, code, side, message } }: { verdict: CommandTest['verdict'] }) {
  const { color, icon: Icon } = looks[outcome];
  const title = code === null ? 'It succeeded' : codeTitle(code);
  return (
    <Alert
      color={color}
      variant="default"
      icon={<Icon aria-hidden color={`var(--mantine-color-${color}-filled)`} />}
      title={title}
    >
      <Stack gap={4}>
        {code === null ? (
          <Text size="sm">The answer is what counts as success.</Text>
        ) : (
          <>
            <Text size="sm" className="wrap-anywhere">
              {message}
            </Text>
            {side !== null && <Text size="sm">It lies with {sideWords[side]}.</Text>}
            <Text size="sm">{mendWords({ code })}</Text>
            <Text size="sm">Outcome: {outcomeWords[outcome]}.</Text>
          </>
        )}
      </Stack>
    </Alert>
  );
}
