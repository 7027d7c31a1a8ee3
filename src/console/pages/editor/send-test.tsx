import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { IconSend } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { client } from '../../client.ts';
import { ErrorNotice } from '../../parts/error-notice.tsx';
import { useEditor } from './editor-context.ts';
import { TestResult } from './test-result.tsx';
import type { Samples } from './use-samples.ts';

/** Sends the draft once, for real, and shows what came of it. */
export function SendTest({ samples }: { samples: Samples }) {
  const { integration, command, draft, body, checking } = useEditor();
  const result = useRef<HTMLDivElement>(null);
  const test = useMutation({
    mutationFn: () => client.testCommand(integration, command, { tokens: samples.tokens, draft: body }),
  });
  const { data, error } = test;
  // What it was sent for may lie below the window, or behind the bar.
  useEffect(() => {
    if (data !== undefined || error !== null) result.current?.scrollIntoView({ block: 'nearest' });
  }, [data, error]);
  const ready = draft.url !== '' && checking.errors.length === 0 && samples.fields.every(({ value }) => value !== '');
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="editor-test">
      <Stack gap="sm">
        <Title order={2} size="h4" id="editor-test">
          Test
        </Title>
        <Group justify="space-between" align="center">
          <Text size="sm" flex={1} miw={200}>
            Really sends this request to their server, once, with these sample values. What it changes there is changed.
          </Text>
          <Button
            leftSection={<IconSend size={16} aria-hidden />}
            variant="default"
            loading={test.isPending}
            disabled={!ready}
            onClick={() => test.mutate()}
          >
            Send test
          </Button>
        </Group>
        <div aria-live="polite" className="above-save-bar" ref={result}>
          {test.isError && <ErrorNotice error={test.error} />}
          {test.data !== undefined && !test.isPending && <TestResult test={test.data} />}
        </div>
      </Stack>
    </Paper>
  );
}
