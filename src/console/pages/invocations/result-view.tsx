import { Box, Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { IconDownload, IconEye } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import type { Invocation, Result } from '../../../contract/invocation.ts';
import { client } from '../../client.ts';
import { Facts } from '../../parts/facts.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { bytesWords } from '../../parts/measures.ts';
import { PageLoading } from '../../parts/page-loading.tsx';
import { TextBlock } from '../../parts/text-block.tsx';
import { isUnspecific, kindOf, textOf } from './result-kind.ts';

// Most results are PDFs, but most pages are not results.
const PdfView = lazy(() => import('./pdf-view.tsx'));

/** More than this is fetched only when somebody asks for it. */
const atOnceBytes = 10 * 1024 * 1024;

/** The answer that was kept: what it is, the thing itself, and a way to take it along. */
export function ResultView({ invocation, result }: { invocation: Invocation; result: Result }) {
  const address = `/v1/invocations/${invocation.id}/result`;
  return (
    <Stack component="section" gap="sm" aria-labelledby="result">
      <Group justify="space-between">
        <Title order={2} size="h4" id="result">
          Result
        </Title>
        <Button
          component="a"
          href={address}
          download
          size="xs"
          variant="default"
          leftSection={<IconDownload size={14} aria-hidden />}
        >
          Download
        </Button>
      </Group>
      <Facts
        facts={[
          { name: 'Type', value: result.contentType ?? 'not said' },
          { name: 'Size', value: bytesWords(result.bytes) },
          { name: 'Since the last time', value: result.unchanged ? 'unchanged' : 'new or changed' },
          { name: 'SHA-256', value: `${result.sha256.slice(0, 16)}…`, copy: result.sha256 },
        ]}
      />
      <Preview key={result.sha256} id={invocation.id} result={result} />
    </Stack>
  );
}

function Preview({ id, result: { contentType, bytes, sha256 } }: { id: string; result: Result }) {
  const [wanted, setWanted] = useState(bytes <= atOnceBytes);
  const showable = isUnspecific(contentType) || kindOf(contentType, null) !== 'other';
  const query = useQuery({
    queryKey: ['result', id, sha256],
    queryFn: ({ signal }) => client.result(id, { signal }),
    enabled: wanted && showable,
    staleTime: Number.POSITIVE_INFINITY,
    // Large, and there again soon: not kept for those who have left.
    gcTime: 0,
  });
  if (!showable) return <NotShown />;
  if (!wanted) {
    return (
      <Group>
        <Button variant="default" leftSection={<IconEye size={16} aria-hidden />} onClick={() => setWanted(true)}>
          Show it ({bytesWords(bytes)})
        </Button>
      </Group>
    );
  }
  return <Loaded query={query}>{(found) => <Shown bytes={found.bytes} contentType={contentType} />}</Loaded>;
}

function Shown({ bytes, contentType }: { bytes: Uint8Array<ArrayBuffer>; contentType: string | null }) {
  const kind = kindOf(contentType, bytes);
  switch (kind) {
    case 'pdf':
      return (
        <Suspense fallback={<PageLoading />}>
          <PdfView bytes={bytes} />
        </Suspense>
      );
    case 'image':
      return <ImageView bytes={bytes} contentType={contentType} />;
    case 'text':
      return <TextView bytes={bytes} contentType={contentType} />;
    case 'other':
      return <NotShown />;
    default:
      return kind satisfies never;
  }
}

const NotShown = () => (
  <Text size="sm" c="dimmed">
    Results of this type are not shown here; download it to look at it.
  </Text>
);

function ImageView({ bytes, contentType }: { bytes: Uint8Array<ArrayBuffer>; contentType: string | null }) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([bytes], { type: contentType ?? '' }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes, contentType]);
  return (
    <Paper withBorder p="xs">
      {url !== undefined && <img src={url} alt="The result" style={{ maxWidth: '100%', display: 'block' }} />}
    </Paper>
  );
}

function TextView({ bytes, contentType }: { bytes: Uint8Array; contentType: string | null }) {
  const { text, cut } = useMemo(() => textOf(bytes, contentType), [bytes, contentType]);
  return (
    <Box>
      <TextBlock label="The result as text" maxHeight={480} text={text} />
      {cut && (
        <Text size="xs" c="dimmed">
          This is its beginning; download it for the rest.
        </Text>
      )}
    </Box>
  );
}
