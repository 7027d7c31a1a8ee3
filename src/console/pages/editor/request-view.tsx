import { Code, Group, Stack, Text } from '@mantine/core';
import type { SentRequest } from '../../../contract/invocation.ts';
import { TextBlock } from '../../parts/text-block.tsx';

/** A request as it goes over the wire. */
export function RequestView({ request, label }: { request: SentRequest; label: string }) {
  return (
    <Stack gap="xs" role="group" aria-label={label}>
      <Group gap="xs" wrap="nowrap" align="baseline">
        <Code fw={700}>{request.method}</Code>
        <Text ff="monospace" size="sm" className="wrap-anywhere">
          {request.url}
        </Text>
      </Group>
      {request.headers.length > 0 && <HeadersView headers={request.headers} label="Headers" />}
      {request.body !== null && <CodeView text={request.body} label="Body" />}
    </Stack>
  );
}

type Header = { key: string; value: string };

export function HeadersView({ headers, label }: { headers: readonly Header[]; label: string }) {
  return <CodeView label={label} text={headers.map(({ key, value }) => `${key}: ${value}`).join('\n')} />;
}

export function CodeView({ text, label }: { text: string; label: string }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <TextBlock label={label} text={text} />
    </div>
  );
}
