import {
  type Document,
  isCollection,
  isMap,
  isScalar,
  LineCounter,
  parseAllDocuments,
  type Scalar,
  visit,
  type YAMLError,
} from 'yaml';
import type { SourceFile } from './files.ts';
import { placeAt, type Source } from './places.ts';

/** Where text is not YAML, or no YAML that is taken. */
type Fault = { at: number; message: string; breaks: boolean };

/**
 * The documents of a file that can be read, whatever is wrong in places.
 *
 * @param told is given what is wrong
 * @returns `complete`: there is none that cannot be read
 */
export function sourcesOf(
  { path: file, text }: SourceFile,
  told: (place: string, message: string) => void,
): { sources: Source[]; complete: boolean } {
  const lines = new LineCounter();
  const documents = documentsOf(text, lines).map((document) => ({ document, faults: faultsOf(document) }));
  for (const { at, message } of documents.flatMap(({ faults }) => faults)) told(placeAt(file, lines, at), message);
  const readable = documents.filter(({ faults }) => !faults.some(({ breaks }) => breaks));
  return {
    sources: readable.filter(({ document }) => !isEmpty(document)).map(({ document }) => ({ file, document, lines })),
    complete: readable.length === documents.length,
  };
}

/**
 * What begins with `{{` and has no quotes is a map of a map in YAML, or none at all, and then what comes after it cannot be
 * read any more. So it is read once more, with braces that mean nothing to YAML.
 */
function documentsOf(text: string, lines: LineCounter): Document.Parsed[] {
  const options = { prettyErrors: false, logLevel: 'error' } as const;
  const documents = parseAllDocuments(text, { ...options, lineCounter: lines });
  if (!documents.some((document) => document.errors.length > 0 || hasMapOfMap(document))) return [...documents];
  const tame = text.replace(/\{\{([^{}\n]*)\}\}/g, `${braces.open}$1${braces.close}`);
  return tame === text ? [...documents] : [...parseAllDocuments(tame, options)];
}

/** As long as what they stand for, so that every place stays where it is. Of the characters that are nobody's. */
const braces = { open: '\uE0F1\uE0F1', close: '\uE0F2\uE0F2' };

function hasMapOfMap(document: Document): boolean {
  let found = false;
  visit(document, {
    Map(_, map) {
      found ||= map.flow === true && map.items.length === 1 && isMap(map.items[0]?.key);
      return found ? visit.BREAK : undefined;
    },
  });
  return found;
}

/** Those that a document can be read in spite of; after another one what is said is only what follows from it. */
const local = new Set<YAMLError['code']>(['DUPLICATE_KEY', 'BAD_SCALAR_START', 'BAD_DQ_ESCAPE']);

function faultsOf(document: Document.Parsed): Fault[] {
  const own = [...document.errors, ...document.warnings].map(({ name, code, message, pos: [at] }) => ({
    at,
    message,
    breaks: name === 'YAMLParseError' && !local.has(code),
  }));
  const faults = [...own, ...prototypes(document), ...unquoted(document)].sort((one, other) => one.at - other.at);
  const last = faults.findIndex(({ breaks }) => breaks);
  return last === -1 ? faults : faults.slice(0, last + 1);
}

/** zod would drop it in silence. */
function prototypes(document: Document): Fault[] {
  const found: Fault[] = [];
  visit(document, {
    Pair(_, { key }) {
      if (!isScalar(key) || key.value !== '__proto__') return undefined;
      found.push({ at: key.range?.[0] ?? 0, message: '"__proto__" is no name', breaks: false });
      return visit.REMOVE;
    },
  });
  return found;
}

/** Gives braces back, and finds those that only quotes make part of a text. */
function unquoted(document: Document): Fault[] {
  const found: Fault[] = [];
  visit(document, {
    Scalar(_, scalar, path) {
      const { value } = scalar;
      if (typeof value !== 'string' || !value.includes(braces.open)) return;
      if (needsQuotes(scalar, path)) {
        const message = 'cannot be read as it is; put what begins with "{{" in quotes';
        found.push({ at: scalar.range?.[0] ?? 0, message, breaks: false });
      }
      scalar.value = value.replaceAll(braces.open, '{{').replaceAll(braces.close, '}}');
    },
  });
  return found;
}

function needsQuotes({ type, value }: Scalar, path: readonly unknown[]): boolean {
  if (type !== 'PLAIN') return false;
  return String(value).startsWith(braces.open) || path.some((node) => isCollection(node) && node.flow === true);
}

function isEmpty({ contents }: Document): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}
