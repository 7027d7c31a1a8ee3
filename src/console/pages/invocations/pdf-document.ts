import { GlobalWorkerOptions, getDocument, type PDFDocumentProxy, version } from 'pdfjs-dist/legacy/build/pdf.mjs';

// The legacy build: the other one needs browsers of the last few months.
GlobalWorkerOptions.workerSrc = new URL('pdfjs-dist/legacy/build/pdf.worker.min.mjs', import.meta.url).href;

/** Fonts, character maps and decoders; the version is in the path because browsers keep them. */
const files = `/pdfjs/${version}`;

/** Opens a customer's PDF: nothing of it is run, and whatever it needs comes from this host. */
export function openPdf(bytes: Uint8Array<ArrayBuffer>): { document: Promise<PDFDocumentProxy>; close: () => void } {
  const loading = getDocument({
    // It is given away to the worker.
    data: bytes.slice(),
    isEvalSupported: false,
    enableXfa: false,
    standardFontDataUrl: `${files}/standard_fonts/`,
    cMapUrl: `${files}/cmaps/`,
    wasmUrl: `${files}/wasm/`,
    verbosity: 0,
  });
  return { document: loading.promise, close: () => void loading.destroy() };
}

/** Why it cannot be shown, in words. */
export function pdfProblem(error: unknown): string {
  if (error instanceof Error && error.name === 'PasswordException') return 'It asks for a password.';
  if (error instanceof Error && error.name === 'InvalidPDFException') return 'It is not a PDF that can be read.';
  return error instanceof Error ? error.message : String(error);
}
