import type { PlaceEncoding } from '../../contract/command-check.ts';
import { type CompiledField, type Encode, encodeText, type Hole, mask, type Pieces, type Placed } from './place.ts';

/** What is not a Char of XML 1.0 (§2.2): it cannot be written at all, not even as a character reference. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const notXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
};

function encodeXml(special: RegExp): Encode {
  return encodeText((text) =>
    notXml.test(text)
      ? { unfit: 'holds a character that XML 1.0 forbids (a control character, U+FFFE or U+FFFF)' }
      : text.replace(special, (character) => entities[character] ?? character),
  );
}

/** A raw CR would be read as LF (XML 1.0 §2.11). */
const encodeXmlText = encodeXml(/[&<>"'\r]/g);
/** Raw white space in an attribute would be read as spaces (XML 1.0 §3.3.3). */
const encodeXmlAttribute = encodeXml(/[&<>"'\r\n\t]/g);

/**
 * Where a literal leaves off:
 *
 *     text ──"<"──▶ tag ──quote──▶ double | single ──quote──▶ tag ──">"──▶ text
 *     text ──"<!--", "<![CDATA[", "<?", "<!"──▶ comment, cdata, instruction, declaration ──their end──▶ text
 *     text, double, single ──"&"──▶ the same, in a reference ──";"──▶ the same
 */
type State = 'text' | 'tag' | 'double' | 'single' | 'comment' | 'cdata' | 'instruction' | 'declaration';
type Scan = { state: State; reference: boolean; depth: number; quote: string };

const opaque = [
  { open: '<!--', state: 'comment', close: '-->' },
  { open: '<![CDATA[', state: 'cdata', close: ']]>' },
  { open: '<?', state: 'instruction', close: '?>' },
] as const;

/** A body of XML: tokens stand in an element's text or in an attribute's quoted value. */
export function compileXml(placed: readonly Placed[]): CompiledField<Pieces> {
  const errors = encodingErrors(placed);
  const pieces: (string | Hole)[] = [];
  const scan = beginning();
  for (const one of placed) {
    if (one.kind === 'literal') {
      scanLiteral(one.text, scan);
      pieces.push(one.text);
      continue;
    }
    const { state, reference } = scan;
    const inAttribute = isInAttribute(state);
    if (reference) {
      errors.push(`has an unfinished "&" before \`{{${one.written}}}\`: write "&amp;" for an ampersand`);
    } else if (state !== 'text' && !inAttribute) {
      const advice = "in XML a token may stand in an element's text or between an attribute's quotes";
      errors.push(`has \`{{${one.written}}}\` in ${described[state]}; ${advice}`);
    }
    pieces.push({ name: one.token.name, encode: inAttribute ? encodeXmlAttribute : encodeXmlText, mask });
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, compiled: pieces };
}

const beginning = (): Scan => ({ state: 'text', reference: false, depth: 0, quote: '' });

const isInAttribute = (state: State) => state === 'double' || state === 'single';

/** `null`: where no token may stand. */
export function xmlEncodings(placed: readonly Placed[]): (PlaceEncoding | null)[] {
  const encodings: (PlaceEncoding | null)[] = [];
  const scan = beginning();
  for (const one of placed) {
    if (one.kind === 'literal') scanLiteral(one.text, scan);
    else encodings.push(scan.state === 'text' || isInAttribute(scan.state) ? 'xml' : null);
  }
  return encodings;
}

const described: Readonly<Record<Exclude<State, 'text' | 'double' | 'single'>, string>> = {
  tag: 'a tag, outside of quotes',
  comment: 'a comment',
  cdata: 'a CDATA section',
  instruction: 'a processing instruction',
  declaration: 'a declaration',
};

/** Bodies are sent as UTF-8; a declaration that says otherwise would make every other character wrong. */
function encodingErrors(placed: readonly Placed[]): string[] {
  const first = placed[0];
  const head = first?.kind === 'literal' ? first.text : '';
  const encoding = /^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']/.exec(head)?.[1];
  if (encoding === undefined || /^(?:utf-?8|us-ascii)$/i.test(encoding)) return [];
  return [`declares the encoding "${encoding}", but Errand sends bodies as UTF-8: write encoding="UTF-8"`];
}

function scanLiteral(text: string, scan: Scan): void {
  let at = 0;
  while (at < text.length) at = step(text, at, scan);
}

/** Reads on from `at`; answers where to go on. */
function step(text: string, at: number, scan: Scan): number {
  const character = text[at] ?? '';
  switch (scan.state) {
    case 'text':
      return character === '<' ? openMarkup(text, at, scan) : reference(character, at, scan);
    case 'double':
    case 'single':
      if (character !== (scan.state === 'double' ? '"' : "'")) return reference(character, at, scan);
      scan.state = 'tag';
      scan.reference = false;
      return at + 1;
    case 'tag':
      if (character === '>') scan.state = 'text';
      else if (character === '"') scan.state = 'double';
      else if (character === "'") scan.state = 'single';
      return at + 1;
    case 'declaration':
      return declaration(character, at, scan);
    case 'comment':
    case 'cdata':
    case 'instruction':
      return skipOpaque(text, at, scan);
    default:
      return scan.state satisfies never;
  }
}

function reference(character: string, at: number, scan: Scan): number {
  if (character === '&') scan.reference = true;
  else if (!/[A-Za-z0-9#_:.-]/.test(character)) scan.reference = false;
  return at + 1;
}

function openMarkup(text: string, at: number, scan: Scan): number {
  scan.reference = false;
  for (const { open, state } of opaque) {
    if (!text.startsWith(open, at)) continue;
    scan.state = state;
    return at + open.length;
  }
  scan.state = text.startsWith('<!', at) ? 'declaration' : 'tag';
  scan.depth = 0;
  scan.quote = '';
  return at + 1;
}

/** `<!DOCTYPE … [ … ]>`: its end is a `>` outside of brackets and quotes. Tokens are refused in it anyway. */
function declaration(character: string, at: number, scan: Scan): number {
  if (scan.quote !== '') {
    if (character === scan.quote) scan.quote = '';
  } else if (character === '"' || character === "'") scan.quote = character;
  else if (character === '[') scan.depth += 1;
  else if (character === ']') scan.depth -= 1;
  else if (character === '>' && scan.depth <= 0) scan.state = 'text';
  return at + 1;
}

function skipOpaque(text: string, at: number, scan: Scan): number {
  const close = opaque.find(({ state }) => state === scan.state)?.close ?? '>';
  const end = text.indexOf(close, at);
  if (end === -1) return text.length;
  scan.state = 'text';
  return end + close.length;
}
