/** A piece of a template: text that stands for itself, or a token's place. Offsets are UTF-16 units from 0. */
export type Segment =
  | { kind: 'literal'; text: string; offset: number }
  /** From the first of its braces to after the last. */
  | { kind: 'token'; name: string; offset: number; end: number };

export type ParsedTemplate = { ok: true; segments: readonly Segment[] } | { ok: false; errors: readonly string[] };

/** Enough to mend a template by: each takes looking for its place in the text. */
export const maxErrors = 50;

/**
 * Splits a template into literals and tokens (contract §5). A token is `{{Name}}`: everything between the braces,
 * trimmed; the first `}}` closes it. `\{{` is a literal `{{`, and `}}` alone is literal.
 *
 * Errors say what is wrong, at which place, and what would be right: unclosed and empty tokens, names with a brace.
 */
export function parseTemplate(text: string): ParsedTemplate {
  const { segments, errors } = scanTemplate(text);
  return errors.length === 0 ? { ok: true, segments } : { ok: false, errors };
}

/**
 * The same of a text that is still being written: what can be told of its tokens, whatever else is wrong. What is no
 * token is a literal, and where one was begun and not closed, the next one is found all the same.
 */
export function scanTemplate(text: string): { segments: readonly Segment[]; errors: readonly string[] } {
  const segments: Segment[] = [];
  const errors: string[] = [];
  let literal = '';
  let literalAt = 0;
  let at = 0;
  /** Up to here an error tells of everything. */
  let toldUpTo = 0;
  while (at < text.length) {
    const open = text.indexOf('{{', at);
    if (open === -1) break;
    if (open > at && text[open - 1] === '\\') {
      literal += `${text.slice(at, open - 1)}{{`;
      at = open + 2;
      continue;
    }
    literal += text.slice(at, open);
    const close = text.indexOf('}}', open + 2);
    const end = close === -1 ? text.length : close + 2;
    const name = (close === -1 ? text.slice(open + 2) : text.slice(open + 2, close)).trim();
    const problem = close === -1 ? unclosed : problemOf(name);
    if (problem === null) {
      if (literal !== '') segments.push({ kind: 'literal', text: literal, offset: literalAt });
      segments.push({ kind: 'token', name, offset: open, end });
      literal = '';
      literalAt = end;
      at = end;
    } else {
      if (open >= toldUpTo && errors.length < maxErrors) errors.push(`${problem} (at ${positionOf(text, open)})`);
      toldUpTo = Math.max(toldUpTo, end);
      // Of several that were begun, only the last can have a name without a brace.
      const last = close === -1 ? open : text.lastIndexOf('{{', close - 2);
      at = last === open ? end : text[last - 1] === '\\' ? last - 1 : last;
      literal += text.slice(open, at);
    }
  }
  literal += text.slice(at);
  if (literal !== '') segments.push({ kind: 'literal', text: literal, offset: literalAt });
  return { segments, errors };
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
