/** How a result is shown. `other`: not at all; it can be downloaded. */
export type ResultKind = 'pdf' | 'image' | 'text' | 'other';

const rasters = /^image\/(?:png|jpeg|gif|webp|avif|bmp)$/;
/** Markup is shown as the text that it is, never as a page. */
const texts = /^(?:text\/.+|application\/(?:json|xml|x-ndjson|.+\+(?:json|xml)))$/;

/** By its type; where that says nothing, a PDF is known by how it begins. */
export function kindOf(contentType: string | null, bytes: Uint8Array | null): ResultKind {
  const [essence = ''] = (contentType ?? '').split(';');
  const type = essence.trim().toLowerCase();
  if (type === 'application/pdf') return 'pdf';
  if (rasters.test(type)) return 'image';
  if (texts.test(type)) return 'text';
  if (isUnspecific(contentType) && bytes !== null && beginsAsPdf(bytes)) return 'pdf';
  return 'other';
}

export const isUnspecific = (contentType: string | null) =>
  contentType === null || /^application\/octet-stream\b/i.test(contentType.trim());

const beginsAsPdf = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes.subarray(0, 5)) === '%PDF-';

const shownChars = 256 * 1024;

/** Text as far as a page can take it; JSON with its lines broken. */
export function textOf(bytes: Uint8Array, contentType: string | null): { text: string; cut: boolean } {
  const charset = /charset="?([\w-]+)/i.exec(contentType ?? '')?.[1] ?? 'utf-8';
  const text = tidied(decode(bytes, charset), contentType ?? '');
  return { text: text.slice(0, shownChars), cut: text.length > shownChars };
}

function decode(bytes: Uint8Array, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    // No such encoding.
    return new TextDecoder().decode(bytes);
  }
}

/** Not where that would change a number. */
function tidied(text: string, contentType: string): string {
  if (!/json\b/i.test(contentType) || text.length > shownChars) return text;
  try {
    const parsed: unknown = JSON.parse(text);
    const same = JSON.stringify(parsed) === text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1');
    return same ? JSON.stringify(parsed, null, 2) : text;
  } catch {
    return text;
  }
}
