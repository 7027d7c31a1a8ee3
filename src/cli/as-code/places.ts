import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type Pair } from 'yaml';

/** One YAML document of a file. */
export type Source = { file: string; document: Document.Parsed; lines: LineCounter };

/** `acme.yaml:3:5`: where that stands, or what is nearest to it of what is there. `path` as in `integrations.acme.name`. */
export function placeIn({ file, document, lines }: Source, path: string): string {
  return placeAt(file, lines, offsetOf(document, document.contents, path, document.contents?.range?.[0] ?? 0));
}

export function placeAt(file: string, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`;
}

function offsetOf(document: Document, node: unknown, path: string, parent: number): number {
  if (path === '') return parent;
  const [next, rest] = stepInto(isAlias(node) ? node.resolve(document) : node, path);
  if (next === undefined) return parent;
  return offsetOf(document, next.value, rest, next.offset);
}

type Inside = { value: unknown; offset: number };

/** Names may hold dots, so the path is taken apart by the names that there are. */
function stepInto(node: unknown, path: string): [Inside | undefined, string] {
  const begins = (name: string) => path === name || path.startsWith(`${name}.`);
  const rest = (name: string) => path.slice(name.length + 1);
  if (isMap(node)) {
    const pairs = node.items.filter((pair) => begins(nameOf(pair))).sort((a, b) => nameOf(b).length - nameOf(a).length);
    const [pair] = pairs;
    if (pair === undefined) return [undefined, path];
    return [{ value: pair.value, offset: startOf(pair.key) }, rest(nameOf(pair))];
  }
  if (isSeq(node)) {
    const [index = ''] = path.split('.', 1);
    const item = node.items[Number(index)];
    if (item !== undefined) return [{ value: item, offset: startOf(item) }, rest(index)];
  }
  return [undefined, path];
}

const nameOf = ({ key }: Pair) => String(isScalar(key) ? key.value : key);
const startOf = (node: unknown) => (node as Node | null)?.range?.[0] ?? 0;
