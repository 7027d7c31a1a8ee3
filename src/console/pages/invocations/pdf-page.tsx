import { useIntersection } from '@mantine/hooks';
import { type PDFDocumentProxy, type PDFPageProxy, TextLayer } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { useEffect, useRef, useState } from 'react';

type PdfPageProps = { document: PDFDocumentProxy; number: number; width: number };

/** Sharper than this nobody sees, and a canvas of it takes as much memory again. */
const maxPixelRatio = 2;
/** A canvas that is larger than this, browsers do not draw. */
const maxCanvasPixels = 16_000_000;
/** DIN A4, until it is known. */
const usualRatio = 842 / 595;

/** A page as a picture, with its text above it for those who select, search or listen. Drawn when it is about to be seen. */
export function PdfPage({ document, number, width }: PdfPageProps) {
  const { ref, entry } = useIntersection({ rootMargin: '600px' });
  const near = entry?.isIntersecting === true;
  const page = usePage(document, number, near);
  const ratio = page === null ? usualRatio : ratioOf(page);
  return (
    <section
      ref={ref}
      className="pdf-page"
      style={{ width, height: Math.round(width * ratio) }}
      aria-label={`Page ${number} of ${document.numPages}`}
    >
      {page !== null && near && <Drawing page={page} width={width} />}
    </section>
  );
}

function ratioOf(page: PDFPageProxy): number {
  const { width, height } = page.getViewport({ scale: 1 });
  return height / width;
}

/** The page as soon as it is needed, and from then on. */
function usePage(document: PDFDocumentProxy, number: number, needed: boolean): PDFPageProxy | null {
  const [page, setPage] = useState<PDFPageProxy | null>(null);
  useEffect(() => {
    if (!needed || page !== null) return;
    let gone = false;
    document.getPage(number).then(
      (found) => !gone && setPage(found),
      // What is wrong with the document is said once, above.
      () => {},
    );
    return () => {
      gone = true;
    };
  }, [document, number, needed, page]);
  return page;
}

function Drawing({ page, width }: { page: PDFPageProxy; width: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const text = useRef<HTMLDivElement>(null);
  const [drawn, setDrawn] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    if (canvas.current === null || text.current === null) return;
    setDrawn(false);
    const drawing = draw(page, width, canvas.current, text.current);
    drawing.done.then(
      () => setDrawn(true),
      (error: unknown) => drawing.stopped() || setProblem(error instanceof Error ? error.message : String(error)),
    );
    return drawing.stop;
  }, [page, width]);
  return (
    <>
      <canvas ref={canvas} aria-hidden data-drawn={drawn} />
      <div ref={text} className="pdf-text" />
      {problem !== null && <p role="alert">This page cannot be shown: {problem}</p>}
    </>
  );
}

function draw(page: PDFPageProxy, width: number, canvas: HTMLCanvasElement, container: HTMLDivElement) {
  const viewport = page.getViewport({ scale: width / page.getViewport({ scale: 1 }).width });
  const pixels = viewport.width * viewport.height;
  const ratio = Math.min(window.devicePixelRatio, maxPixelRatio, Math.sqrt(maxCanvasPixels / pixels));
  canvas.width = Math.floor(viewport.width * ratio);
  canvas.height = Math.floor(viewport.height * ratio);
  container.replaceChildren();
  container.style.setProperty('--total-scale-factor', String(viewport.scale));
  const rendering = page.render({ canvas, viewport, transform: [ratio, 0, 0, ratio, 0, 0] });
  const texts = new TextLayer({ textContentSource: page.streamTextContent(), container, viewport });
  let stopped = false;
  return {
    done: Promise.all([rendering.promise, texts.render()]),
    stopped: () => stopped,
    stop: () => {
      stopped = true;
      rendering.cancel();
      texts.cancel();
    },
  };
}
