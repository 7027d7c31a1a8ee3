import { ApiError, type HttpClient } from '../client/http.ts';
import type { BatchItem } from '../contract/batch.ts';
import type { CommandPreview } from '../contract/command-test.ts';
import { type ItemsFile, isBad } from './items.ts';

/** How many items a dry run shows. */
export const shownItems = 5;

export type ShownItem = {
  line: number;
  item: BatchItem;
  request: CommandPreview | null;
  /** Why it cannot be rendered. */
  error: string | null;
};

/** Renders the first items of the file; sends nothing to the integration's system. @throws ApiError but for bad items */
export async function previewItems(
  client: HttpClient,
  { integration, command }: { integration: string; command: string },
  file: ItemsFile,
): Promise<ShownItem[]> {
  const shown: ShownItem[] = [];
  for await (const read of file.read()) {
    if (isBad(read)) continue;
    const { line, item } = read;
    try {
      const request = await client.previewCommand(integration, command, { tokens: item.tokens });
      shown.push({ line, item, request, error: null });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 422) throw error;
      shown.push({ line, item, request: null, error: error.message });
    }
    if (shown.length === shownItems) break;
  }
  return shown;
}

/** As a person reads a request, with where it stands in the file above it. */
export function shownText({ line, item, request, error }: ShownItem): string {
  const title = `Line ${line}${item.reference === undefined ? '' : ` (${item.reference})`}`;
  if (request === null) return `${title} cannot be rendered: ${error}\n`;
  const { method, url, headers, body, egress } = request;
  const lines = [`${title}:`, `${method} ${url}`, ...headers.map(({ key, value }) => `${key}: ${value}`)];
  if (body !== null) lines.push('', body);
  if (egress.allowed === false) lines.push('', `It may not be sent there: ${egress.reason}`);
  return `${lines.join('\n')}\n`;
}
