import type { RequestTemplate } from '../../../contract/command.ts';
import type { Tokens } from '../../../contract/tokens.ts';
import type { MaskedNames } from './curl.ts';

const token = /(?<!\\)\{\{([^{}]+)\}\}/g;

/**
 * Which values of a template are masked where its request is shown: neither variables nor Errand's own, nor what the
 * invocation shows of its tokens. Aliases make it a name too many; then whoever asks goes by what stands around the mask.
 */
export function maskedNames(
  { url, headers = [], body = '' }: RequestTemplate,
  { variables, tokens }: { variables: Readonly<Record<string, string>>; tokens: Tokens },
): MaskedNames {
  const isMasked = (name: string) => {
    if (Object.hasOwn(variables, name) || name.startsWith('errand.')) return false;
    return !Object.hasOwn(tokens, name) || tokens[name] === '***';
  };
  const namesIn = (text: string) => [...text.matchAll(token)].map(([, name = '']) => name.trim()).filter(isMasked);
  return {
    'request.url': namesIn(url),
    ...Object.fromEntries(headers.map(({ value }, index) => [`request.headers.${index}.value`, namesIn(value)])),
    'request.body': namesIn(body),
  };
}
