import { Alert, List, Loader, Paper, Stack, Text, TextInput, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { ApiError } from '../../../client/errors.ts';
import { client } from '../../client.ts';
import { ErrorNotice } from '../../parts/error-notice.tsx';
import { useEditor } from './editor-context.ts';
import { EgressNotice } from './egress-notice.tsx';
import { Encodings } from './encodings.tsx';
import { RequestView } from './request-view.tsx';
import type { Samples } from './use-samples.ts';

/** The request that the draft makes of sample values, while it is being written. Nothing is sent. */
export function Preview({ samples }: { samples: Samples }) {
  const { checking, draft } = useEditor();
  const missing = samples.fields.filter(({ value }) => value === '');
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="editor-preview">
      <Stack gap="sm">
        <Title order={2} size="h4" id="editor-preview">
          Preview
        </Title>
        <SampleValues samples={samples} />
        {checking.available.length === 0 ? (
          checking.failure === null && <Loader size="sm" aria-label="Looking at the form" />
        ) : draft.url === '' ? (
          <Text size="sm">Give the request a URL to see what would be sent.</Text>
        ) : checking.errors.length > 0 ? (
          <Text size="sm">What is wrong in the form has to be put right before there is something to show.</Text>
        ) : missing.length > 0 ? (
          <Text size="sm">
            Give {missing.map(({ name }) => `{{${name}}}`).join(' and ')} a value to see the request.
          </Text>
        ) : (
          <Rendered samples={samples} />
        )}
      </Stack>
    </Paper>
  );
}

function SampleValues({ samples: { fields, set } }: { samples: Samples }) {
  if (fields.length === 0) return null;
  return (
    <Stack gap="xs">
      {fields.map(({ name, value, token }) => (
        <TextInput
          key={name}
          size="xs"
          label={`Sample value of ${name}`}
          value={value}
          placeholder={token.description ?? ''}
          spellCheck={false}
          autoComplete="off"
          onChange={({ currentTarget }) => set(name, currentTarget.value)}
        />
      ))}
    </Stack>
  );
}

const typingMs = 250;

function Rendered({ samples }: { samples: Samples }) {
  const { integration, command, body: draft, checking } = useEditor();
  const key = JSON.stringify(samples.tokens);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the tokens are made anew each time
  const wanted = useMemo(() => ({ draft, tokens: samples.tokens }), [draft, key]);
  const [settled] = useDebouncedValue(wanted, typingMs);
  const { data, error, isPending, isFetching, refetch } = useQuery({
    queryKey: ['command-preview', integration, command, settled],
    queryFn: ({ signal }) => client.previewCommand(integration, command, settled, { signal }),
    enabled: checking.upToDate,
    placeholderData: keepPreviousData,
    gcTime: 30_000,
  });
  if (error !== null) return <NotRendered error={error} retry={refetch} />;
  if (isPending) return <Loader size="sm" aria-label="Rendering" />;
  return (
    <Stack gap="sm" aria-busy={isFetching}>
      <RequestView request={data} label="Request as it would be sent" />
      <EgressNotice egress={data.egress} />
      <Encodings />
      <Text size="xs" c="dimmed">
        Secrets and hidden values are masked here. User-Agent, Idempotency-Key and traceparent are added to every
        request.
      </Text>
    </Stack>
  );
}

/** What is wrong with a value is said in plain words: it is nobody's failure. */
function NotRendered({ error, retry }: { error: unknown; retry: () => unknown }) {
  if (!(error instanceof ApiError) || error.status !== 422) return <ErrorNotice error={error} retry={retry} />;
  const messages = error.errors.length === 0 ? [{ path: '', message: error.problem.detail }] : error.errors;
  return (
    <Alert color="red" variant="light" role="alert" title="With these values nothing would be sent">
      <List size="sm">
        {messages.map(({ path, message }) => (
          <List.Item key={`${path} ${message}`}>
            {path.startsWith('tokens.') && <b>{path.slice('tokens.'.length)} </b>}
            {message}
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}
