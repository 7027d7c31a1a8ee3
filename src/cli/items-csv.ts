import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { tokenNameProblem } from '../contract/names.ts';
import { maxTokensBytes } from '../contract/tokens.ts';
import { FileTrouble, textOf } from './file-text.ts';
import { checkedItem, type ReadLine } from './items.ts';

/** The column that holds the items' references; every other is a token of its name. */
const referenceColumn = 'reference';

type Cells = readonly (string | undefined)[];
type Parsed = { record: Cells; raw: string };
type Row = { line: number; cells: Cells; text: string };

/**
 * A file of comma-separated values (RFC 4180) with a header. An empty cell is no value; a quoted one (`""`) is the empty
 * string, as PostgreSQL's `COPY` has it.
 */
export async function* readCsv(path: string): AsyncGenerator<ReadLine> {
  let header: readonly string[] | null = null;
  for await (const { line, cells, text } of rowsOf(path)) {
    if (header === null) {
      header = cells.map((cell) => cell?.trim() ?? '');
      const problem = headerProblem(header);
      if (problem === null) continue;
      yield { line, message: problem };
      return;
    }
    if (cells.length === header.length) yield { line, ...itemOf(header, cells, text) };
    else yield { line, message: `has ${counted(cells.length)}, but the header has ${counted(header.length)}` };
  }
}

const counted = (cells: number) => `${cells} ${cells === 1 ? 'column' : 'columns'}`;

/** The header, as it stands in the file; `null` if the file is empty. */
export async function csvHeader(path: string): Promise<string | null> {
  for await (const { text } of rowsOf(path)) return text;
  return null;
}

async function* rowsOf(path: string): AsyncGenerator<Row> {
  const lines = countLines();
  const parser = parse({
    raw: true,
    relax_column_count: true,
    skip_empty_lines: true,
    // A quote that is never closed would otherwise take the rest of the file into one cell.
    max_record_size: maxTokensBytes,
    cast: (value, { quoting }) => (value === '' && !quoting ? undefined : value),
    // Called while it parses: rows that it has ready when it comes upon an error are lost, their lines must not be.
    on_record: (parsed: unknown, context) => lines.row(parsed as Parsed, context.lines) as never,
  });
  const reading = pipeline(textOf(path), parser);
  // The loop below is told of it.
  reading.catch(() => undefined);
  try {
    for await (const row of parser as AsyncIterable<Row>) yield row;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new FileTrouble(syntaxProblem(error), lines.ofError(error));
  }
}

/** The parser counts the two characters of a CRLF within a cell as two lines. */
function countLines() {
  let counted = 0;
  let tooMany = 0;
  return {
    row({ record: cells, raw }: Parsed, parsedLines: number): Row {
      // Raw text has the ends of skipped lines before it and a part of its own after it.
      const text = raw.replace(/^[\r\n]+|[\r\n]+$/g, '');
      tooMany += text.split('\r').length - 1;
      counted = parsedLines - tooMany;
      return { line: counted - (text.split('\n').length - 1), cells, text };
    },
    ofError({ code, lines }: CsvError & { lines?: number }): number {
      const whereSeen = code === 'INVALID_OPENING_QUOTE' || code === 'CSV_INVALID_CLOSING_QUOTE';
      // Otherwise where the row began: the fault is seen at the end of the file, or far on.
      return whereSeen && lines !== undefined ? lines - tooMany : counted + 1;
    },
  };
}

function syntaxProblem({ code, message }: CsvError): string {
  switch (code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'has a quote that is never closed';
    case 'CSV_MAX_RECORD_SIZE':
      return `is longer than ${maxTokensBytes} characters; is a quote never closed?`;
    case 'INVALID_OPENING_QUOTE':
    case 'CSV_INVALID_CLOSING_QUOTE':
      return 'has a quote within a cell; put the cell in quotes, and write each quote within it twice: "a ""b"" c"';
    default:
      return message;
  }
}

function headerProblem(header: readonly string[]): string | null {
  const [first = ''] = header;
  if (header.length === 1 && /[;\t]/.test(first)) return 'has its columns separated by something else than commas';
  for (const [index, name] of header.entries()) {
    const problem = tokenNameProblem(name);
    if (problem !== null) return `column ${index + 1} of the header, "${name}", ${problem}`;
    if (header.indexOf(name) !== index) return `column "${name}" is there twice`;
  }
  return null;
}

function itemOf(header: readonly string[], cells: Cells, text: string) {
  const given = header.flatMap((name, index) => (cells[index] === undefined ? [] : [[name, cells[index]] as const]));
  const tokens = Object.fromEntries(given.filter(([name]) => name !== referenceColumn));
  const reference = given.find(([name]) => name === referenceColumn)?.[1];
  const checked = checkedItem({ tokens, ...(reference === undefined ? {} : { reference }) });
  return 'item' in checked ? { ...checked, json: JSON.stringify(checked.item), text } : checked;
}
