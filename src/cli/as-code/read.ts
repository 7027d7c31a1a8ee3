import { type Document, isMap, isScalar, LineCounter, parseAllDocuments, visit } from 'yaml';
import type { CommandTypeBody } from '../../contract/command-type.ts';
import {
  type ConfigurationFile,
  configurationFileSchema,
  type IntegrationEntry,
} from '../../contract/configuration-file.ts';
import { fieldErrors } from '../../contract/field-errors.ts';
import { wording } from '../../contract/wording.ts';
import type { SourceFile } from './files.ts';
import { nodeAt, placeAt, placeIn, type Source } from './places.ts';

/** What is wrong, and where. */
export type Mistake = { place: string; path: string; message: string };

/** What the files ask for, all of them together. */
export type Wanted = {
  commandTypes: ReadonlyMap<string, CommandTypeBody>;
  integrations: ReadonlyMap<string, IntegrationEntry>;
  /** `acme.yaml:3:5`, for a path as in `integrations.acme.commands.GetInvoiceImage.request.url`. */
  placeOf(path: string): string;
};

/** Reads the files' documents. Everything that is wrong with any of them is in `mistakes`. */
export function readWanted(files: readonly SourceFile[]): { wanted: Wanted; mistakes: Mistake[] } {
  const mistakes: Mistake[] = [];
  const sources = files.flatMap((file) => sourcesOf(file, mistakes));
  const owners = new Map<string, Source>();
  const commandTypes = new Map<string, CommandTypeBody>();
  const integrations = new Map<string, IntegrationEntry>();
  for (const source of sources) {
    const content = contentOf(source, mistakes);
    const take = <Value>(
      into: Map<string, Value>,
      kind: keyof ConfigurationFile,
      values: Record<string, Value> = {},
    ) => {
      for (const [name, value] of Object.entries(values)) {
        const path = `${kind}.${name}`;
        const first = owners.get(path);
        if (first === undefined) {
          owners.set(path, source);
          into.set(name, value);
        } else {
          const message = `is at ${placeIn(first, path)} already; it belongs in one place`;
          mistakes.push({ place: placeIn(source, path), path, message });
        }
      }
    };
    take(commandTypes, 'commandTypes', content.commandTypes);
    take(integrations, 'integrations', content.integrations);
  }
  const placeOf = (path: string) => {
    const owner = [...owners].find(([owned]) => path === owned || path.startsWith(`${owned}.`));
    return owner === undefined ? (files[0]?.path ?? '') : placeIn(owner[1], path);
  };
  return { wanted: { commandTypes, integrations, placeOf }, mistakes };
}

function sourcesOf({ path: file, text }: SourceFile, mistakes: Mistake[]): Source[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const sources: Source[] = [];
  for (const document of documents) {
    const faults = [...document.errors, ...document.warnings, ...prototypes(document)];
    for (const { message, pos } of faults) {
      const line = text.split('\n')[lines.linePos(pos[0]).line - 1] ?? '';
      const advice = /(?:^|[:,[{-])\s*\{\{/.test(line) ? quotesNeeded : '';
      mistakes.push({ place: placeAt(file, lines, pos[0]), path: '', message: message + advice });
    }
    const empty = document.contents === null || (isScalar(document.contents) && document.contents.value === null);
    if (faults.length === 0 && !empty) sources.push({ file, document, lines });
  }
  return sources;
}

const quotesNeeded = '; put what begins with "{{" in quotes';

/** zod would drop it in silence. */
function prototypes(document: Document): { message: string; pos: [number] }[] {
  const found: { message: string; pos: [number] }[] = [];
  visit(document, {
    Pair(_, { key }) {
      if (isScalar(key) && key.value === '__proto__') {
        found.push({ message: '"__proto__" is no name', pos: [key.range?.[0] ?? 0] });
      }
    },
  });
  return found;
}

function contentOf(source: Source, mistakes: Mistake[]): ConfigurationFile {
  const { document } = source;
  let plain: unknown;
  try {
    plain = document.toJS();
  } catch (error) {
    // Aliases of aliases that would grow beyond all bounds.
    mistakes.push({ place: placeIn(source, ''), path: '', message: (error as Error).message });
    return {};
  }
  const result = configurationFileSchema.safeParse(plain, { error: wording });
  if (result.success) return result.data;
  for (const { path, message } of fieldErrors(result.error.issues)) {
    const advice = isUnquotedToken(document, path) ? quotesNeeded : '';
    mistakes.push({ place: placeIn(source, path), path, message: message + advice });
  }
  return {};
}

/** `url: {{baseUrl}}` is a map of a map in YAML. */
function isUnquotedToken(document: Document, path: string): boolean {
  const node = nodeAt(document, document.contents, path);
  return isMap(node) && node.flow === true && node.items.length === 1 && isMap(node.items[0]?.key);
}
