import type { Actor } from '../../../contract/audit.ts';
import type { AvailableToken, PlaceEncoding } from '../../../contract/command-check.ts';
import type { Draft } from './draft.ts';
import { filledHeaders } from './draft.ts';

export const encodingWords: Readonly<Record<PlaceEncoding, string>> = {
  'url-base': 'as is, as the beginning of the address',
  'url-path': 'percent-encoded as part of the path',
  'url-query': 'percent-encoded as part of the query',
  header: 'as is; line breaks are refused',
  'json-string': 'escaped inside a JSON string',
  'json-value': 'as a JSON value: a number, true, false, null, a list or an object',
  form: 'form-encoded, space as +',
  xml: 'escaped as XML text',
  'as-is': 'as is',
};

export const sourceWords: Readonly<Record<AvailableToken['from'], string>> = {
  'command-type': 'From the command',
  variable: 'Variables',
  secret: 'Secrets',
  errand: "Errand's own",
};

/** Where in the request: "URL", "header X-Api-Key", "body". */
export function placeWords(path: string, draft: Draft): string {
  if (path === 'request.url') return 'URL';
  const [, index] = /^request\.headers\.(\d+)\./.exec(path) ?? [];
  if (index === undefined) return 'body';
  return `header ${filledHeaders(draft)[Number(index)]?.key ?? ''}`;
}

export const actorWords = ({ type, id, name }: Actor) => name ?? (type === 'system' ? 'Errand' : `${type} ${id}`);
