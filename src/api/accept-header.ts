import { splitOutsideQuotes } from './prefer.ts';

const json = /^(?:\*\/\*|application\/\*|application\/(?:[^;\s]+\+)?json)$/;

/**
 * Does this `Accept` header take JSON (RFC 9110 §12.5.1)? So does none at all, or an empty one. Where it does not, an
 * invocation is answered with its result's bytes.
 */
export function acceptsJson(accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  return splitOutsideQuotes(accept, ',').some((range) => {
    const [type = '', ...parameters] = splitOutsideQuotes(range, ';');
    const refused = parameters.some((parameter) => /^\s*q\s*=\s*0(?:\.0*)?\s*$/i.test(parameter));
    return !refused && json.test(type.trim().toLowerCase());
  });
}
