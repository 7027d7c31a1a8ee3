import { Accordion, Anchor, Box, Code, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { Attempt, Invocation } from '../../../contract/invocation.ts';
import { HeadersTable } from '../../parts/headers-table.tsx';
import { bytesWords } from '../../parts/measures.ts';
import { commandPath } from '../../parts/paths.ts';
import { TextBlock } from '../../parts/text-block.tsx';
import { useCan } from '../../session.tsx';
import { outcomeWords, sideWords } from '../../words.ts';
import { CopyAsCurl } from './copy-as-curl.tsx';
import { attemptWords } from './timeline.ts';

/** Each attempt's request and answer; the newest is open. */
export function Exchanges({ invocation }: { invocation: Invocation }) {
  const { attempts } = invocation;
  const newest = attempts.at(-1);
  if (newest === undefined) return <Text size="sm">Nothing was sent yet.</Text>;
  return (
    <Accordion variant="contained" order={3} multiple defaultValue={[String(newest.number)]}>
      {attempts.toReversed().map((attempt) => (
        <Accordion.Item key={attempt.number} value={String(attempt.number)}>
          <Accordion.Control>
            <Text size="sm" fw={600}>
              Attempt {attempt.number}: {attemptWords(attempt)}
            </Text>
            <Text size="xs" c="dimmed">
              {outcomeWords[attempt.outcome]}
            </Text>
          </Accordion.Control>
          <Accordion.Panel>
            <Exchange invocation={invocation} attempt={attempt} />
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  );
}

function Exchange({ invocation, attempt }: { invocation: Invocation; attempt: Attempt }) {
  const { error, request, response } = attempt;
  return (
    <Stack gap="md">
      <Group gap="md">
        <CommandVersion invocation={invocation} attempt={attempt} />
        {error !== null && (
          <Text size="sm" className="wrap-anywhere">
            {error.message} Whose move it is: {sideWords[error.side]}.
          </Text>
        )}
      </Group>
      <Part title="The request as it was sent">
        {request === null ? (
          <Text size="sm" c="dimmed">
            {response === null
              ? 'Nothing was sent, or it is not known any more what was.'
              : 'It shared the request of another invocation that asked for the same at the same time.'}
          </Text>
        ) : (
          <>
            <Code block className="wrapped-code">
              {request.method} {request.url}
            </Code>
            <HeadersTable headers={request.headers} label="Headers sent" />
            {request.body !== null && <Body label="Body sent" text={request.body} />}
            <CopyAsCurl invocation={invocation} attempt={attempt} request={request} />
          </>
        )}
      </Part>
      <Part title="The answer as it came">
        {response === null ? (
          <Text size="sm" c="dimmed">
            No answer came.
          </Text>
        ) : (
          <>
            <Text size="sm">
              <b>{response.status}</b> · {bytesWords(response.bytes)}
            </Text>
            <HeadersTable headers={response.headers} label="Headers received" />
            {response.bodyPreview !== null && <Body label="Body received" text={response.bodyPreview} />}
          </>
        )}
      </Part>
    </Stack>
  );
}

function CommandVersion({
  invocation: { integration, command },
  attempt: { commandVersion },
}: {
  invocation: Invocation;
  attempt: Attempt;
}) {
  const mayRead = useCan('commands.read');
  if (commandVersion === null) return null;
  const words = `${command}, version ${commandVersion}`;
  if (!mayRead) return <Text size="sm">{words}</Text>;
  const to = `${commandPath(integration, command)}?tab=history&version=${commandVersion}`;
  return (
    <Anchor component={Link} to={to} size="sm">
      {words}
    </Anchor>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Box>
      <Text size="sm" fw={600} mb={4}>
        {title}
      </Text>
      <Stack gap="xs">{children}</Stack>
    </Box>
  );
}

function Body({ label, text }: { label: string; text: string }) {
  if (text === '') return <Text size="sm">An empty body.</Text>;
  return <TextBlock label={label} text={text} />;
}
