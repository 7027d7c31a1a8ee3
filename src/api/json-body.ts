import type { FastifyInstance } from 'fastify';
import { pathText } from '../contract/field-errors.ts';
import type { FieldError } from '../contract/problem.ts';
import { ProblemError } from './problems.ts';
import { InvalidInput } from './validation.ts';

/** Deeper than any real body, and shallow enough for every recursion over it. */
const maxDepth = 64;

/**
 * Reads JSON bodies strictly: what would be changed in silence is refused instead, namely broken UTF-8, half a surrogate
 * pair, integers that a double cannot hold, and the key `__proto__`. `constructor` is an ordinary name (contract §5).
 */
export function acceptJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'ignore');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(body as Buffer);
    } catch {
      return done(new ProblemError('malformed-request', 'The body is not valid UTF-8.'));
    }
    // Many clients say that even the body that they do not send is JSON; where one is needed, its schema says so.
    if (text === '') return done(null, undefined);
    parse(request, text, (error, value) => {
      if (error !== null) return done(new ProblemError('malformed-request', whyNotRead(text)));
      const errors: FieldError[] = [];
      inspect(value, [], errors);
      return errors.length === 0 ? done(null, value) : done(new InvalidInput('body', errors));
    });
  });
}

/** Fastify says the same of both. */
function whyNotRead(text: string): string {
  try {
    JSON.parse(text);
    return 'The body has a key "__proto__", which is refused.';
  } catch {
    return 'The body is not valid JSON.';
  }
}

/** Finds what would be changed in silence, in a value as `JSON.parse` makes it. */
export function inspect(value: unknown, path: readonly PropertyKey[], errors: FieldError[]): void {
  const refuse = (message: string) => void errors.push({ path: pathText(path), message });
  if (errors.length >= 10) return;
  if (typeof value === 'string') {
    if (!value.isWellFormed()) refuse('must be whole Unicode text; it holds half of a surrogate pair');
  } else if (typeof value === 'number') {
    if (!Number.isFinite(value)) refuse('is too large a number');
    else if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      refuse('has more digits than a JSON number keeps; send it as a string');
    }
  } else if (typeof value === 'object' && value !== null) {
    if (path.length >= maxDepth) refuse(`is nested too deeply; at most ${maxDepth} levels`);
    else {
      for (const [key, each] of Object.entries(value)) {
        // Fastify's parser has refused it before; a line of NDJSON comes as it is.
        if (key === '__proto__') refuse('must not hold a key "__proto__"');
        inspect(each, [...path, key], errors);
      }
    }
  }
}
