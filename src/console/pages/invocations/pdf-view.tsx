import { ActionIcon, Alert, Box, Button, Group, Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { IconArrowsHorizontal, IconZoomIn, IconZoomOut } from '@tabler/icons-react';
import type { PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { useEffect, useState } from 'react';
import { many } from '../../parts/measures.ts';
import { PageLoading } from '../../parts/page-loading.tsx';
import './pdf-view.css';
import { openPdf, pdfProblem } from './pdf-document.ts';
import { PdfPage } from './pdf-page.tsx';

const zooms = [0.5, 0.75, 1, 1.5, 2, 3] as const;
const fit = zooms.indexOf(1);

/** A PDF, page below page, as wide as there is room for. */
export default function PdfView({ bytes }: { bytes: Uint8Array<ArrayBuffer> }) {
  const opened = usePdf(bytes);
  const [zoom, setZoom] = useState<number>(fit);
  const { ref, width } = useElementSize();
  if (opened.problem !== null) {
    return (
      <Alert color="yellow" title="This PDF cannot be shown here">
        {opened.problem} Download it to look at it.
      </Alert>
    );
  }
  const pages = opened.document?.numPages ?? 0;
  return (
    <Box>
      <Group justify="space-between" mb="xs">
        <Text size="sm" c="dimmed">
          {pages > 0 && many(pages, 'page')}
        </Text>
        <ZoomButtons zoom={zoom} setZoom={setZoom} />
      </Group>
      <Box className="pdf-pages" tabIndex={0} role="region" aria-label="The PDF">
        <div ref={ref}>
          {opened.document === null && <PageLoading />}
          {opened.document !== null &&
            width > 0 &&
            Array.from({ length: pages }, (_, index) => (
              <PdfPage
                // biome-ignore lint/suspicious/noArrayIndexKey: a page is its number
                key={index}
                document={opened.document as PDFDocumentProxy}
                number={index + 1}
                width={Math.floor(width * (zooms[zoom] ?? 1))}
              />
            ))}
        </div>
      </Box>
    </Box>
  );
}

function ZoomButtons({ zoom, setZoom }: { zoom: number; setZoom: (zoom: number) => void }) {
  const last = zooms.length - 1;
  return (
    <Group gap={4}>
      <ActionIcon variant="default" aria-label="Smaller" disabled={zoom === 0} onClick={() => setZoom(zoom - 1)}>
        <IconZoomOut size={16} aria-hidden />
      </ActionIcon>
      <ActionIcon variant="default" aria-label="Larger" disabled={zoom === last} onClick={() => setZoom(zoom + 1)}>
        <IconZoomIn size={16} aria-hidden />
      </ActionIcon>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconArrowsHorizontal size={14} aria-hidden />}
        aria-pressed={zoom === fit}
        onClick={() => setZoom(fit)}
      >
        Fit to width
      </Button>
    </Group>
  );
}

type Opened = { document: PDFDocumentProxy | null; problem: string | null };

function usePdf(bytes: Uint8Array<ArrayBuffer>): Opened {
  const [opened, setOpened] = useState<Opened>({ document: null, problem: null });
  useEffect(() => {
    let gone = false;
    const { document, close } = openPdf(bytes);
    document.then(
      (found) => !gone && setOpened({ document: found, problem: null }),
      (error: unknown) => !gone && setOpened({ document: null, problem: pdfProblem(error) }),
    );
    return () => {
      gone = true;
      close();
    };
  }, [bytes]);
  return opened;
}
