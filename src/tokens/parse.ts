/** A piece of a template: text that stands for itself, or a token's place. Offsets are UTF-16 units from 0. */
export type Segment =
  | { kind: 'literal'; text: string; offset: number }
  | { kind: 'token'; name: string; offset: number };

export type ParsedTemplate = { ok: true; segments: readonly Segment[] } | { ok: false; errors: readonly string[] };

/**
 * Splits a template into literals and tokens (contract §5). A token is `{{Name}}`: everything between the braces,
 * trimmed; the first `}}` closes it. `\{{` is a literal `{{`, and `}}` alone is literal.
 *
 * Errors say what is wrong, at which place, and what would be right: unclosed and empty tokens, names with a brace.
 */
export function parseTemplate(text: string): ParsedTemplate {
  const segments: Segment[] = [];
  const errors: string[] = [];
  let literal = '';
  let literalAt = 0;
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('{{', at);
    if (open === -1) {
      literal += text.slice(at);
      break;
    }
    if (open > at && text[open - 1] === '\\') {
      literal += `${text.slice(at, open - 1)}{{`;
      at = open + 2;
      continue;
    }
    literal += text.slice(at, open);
    if (literal !== '') segments.push({ kind: 'literal', text: literal, offset: literalAt });
    const close = text.indexOf('}}', open + 2);
    const name = (close === -1 ? text.slice(open + 2) : text.slice(open + 2, close)).trim();
    const problem = close === -1 ? unclosed : problemOf(name);
    if (problem !== null) errors.push(`${problem} (at ${positionOf(text, open)})`);
    else segments.push({ kind: 'token', name, offset: open });
    at = close === -1 ? text.length : close + 2;
    literal = '';
    literalAt = at;
  }
  if (literal !== '') segments.push({ kind: 'literal', text: literal, offset: literalAt });
  return errors.length === 0 ? { ok: true, segments } : { ok: false, errors };
}

const unclosed = 'has a "{{" that is never closed: close the token with "}}", or write "\\{{" for a literal "{{"';

function problemOf(name: string): string | null {
  if (name === '')
    return 'has an empty "{{}}": put a token\'s name between the braces, or write "\\{{" for a literal "{{"';
  if (/[{}]/.test(name)) {
    return `has a brace in the name of the token "{{${name}}}": names hold no brace; where a "{" stands before a token, put a space between them`;
  }
  return null;
}

/** Where an offset is, for a person: `character 5`, or `line 2, character 5` in a text of several lines. */
export function positionOf(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  const character = offset - (before.lastIndexOf('\n') + 1) + 1;
  return text.includes('\n') ? `line ${line}, character ${character}` : `character ${character}`;
}
