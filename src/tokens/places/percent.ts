import { encodeText, type Placed } from './place.ts';

function percentEncodeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/**
 * URL path and query: everything but RFC 3986's unreserved characters (§2.3) is percent-encoded as UTF-8, so `/`, `?`,
 * `#`, `&`, `+` and `%` are data; space is `%20`. (WHATWG encodes `'` in a query: left raw, the URL would change.)
 */
export const encodeUrlText = encodeText((text) => encodeURIComponent(text).replace(/[!'()*]/g, percentEncodeCharacter));

/** application/x-www-form-urlencoded (WHATWG URL §5.2): all but `*-._` and alphanumerics, space as `+`. */
export const encodeFormText = encodeText((text) =>
  encodeURIComponent(text)
    .replace(/[!'()~]/g, percentEncodeCharacter)
    .replaceAll('%20', '+'),
);

/**
 * Tokens that follow an unfinished percent escape (`%{{A}}`, `%2{{A}}`): the value's first characters would complete it
 * and so mean another character than they are.
 */
export function unfinishedEscapes(placed: readonly Placed[]): string[] {
  const errors: string[] = [];
  let before = '';
  for (const one of placed) {
    if (one.kind === 'literal') before = one.text;
    else {
      if (/%[0-9a-f]?$/i.test(before)) {
        errors.push(`has an unfinished percent escape before \`{{${one.written}}}\`: write "%25" for a percent sign`);
      }
      before = '';
    }
  }
  return errors;
}
