import { maxTokensBytes } from '../contract/tokens.ts';
import { linesOf, textOf } from './file-text.ts';
import { checkedItem, type ReadLine } from './items.ts';

/** Escaped, a value can be several times as long; far more is no item. */
const longestLine = 8 * maxTokensBytes;

/** A file with a JSON object per line, passed on as they are. Empty lines are skipped. */
export async function* readNdjson(path: string): AsyncGenerator<ReadLine> {
  let line = 0;
  for await (const text of linesOf(textOf(path), longestLine)) {
    line += 1;
    if (text.trim() !== '') yield { line, ...parsed(text) };
  }
}

function parsed(text: string) {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { message: 'is not JSON; each line is an object such as {"tokens": {"InvoiceNumber": "INV1"}}' };
  }
  const checked = checkedItem(value);
  return 'item' in checked ? { ...checked, json: text, text } : checked;
}
