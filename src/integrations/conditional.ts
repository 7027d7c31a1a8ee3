import type { CommandBody } from '../contract/command.ts';
import type { FieldError } from '../contract/problem.ts';
import { isConditional } from '../judging/validators.ts';
import type { CompiledRequest } from '../tokens/compile.ts';
import type { StoredValue } from './stored.ts';

const headerKeys = ({ request }: CommandBody) => (request.headers ?? []).map(({ key }) => key);

/**
 * Are a command's requests made conditional on the newest result for the same tokens? As it says; else if they are GETs
 * of a URL that is the same each time. Never beside conditional headers of its own.
 */
export function asksConditionally(definition: CommandBody, { url }: CompiledRequest): boolean {
  if (headerKeys(definition).some(isConditional)) return false;
  if (definition.conditional !== undefined) return definition.conditional;
  const changes = [...url.origin, ...url.path, ...url.query].some(
    (piece) => typeof piece !== 'string' && piece.name.startsWith('errand.'),
  );
  return definition.request.method === 'GET' && !changes;
}

/** The configuration version that brought the newest of the variables and secrets that a request uses. */
export function valuesSince(
  { uses }: Pick<CompiledRequest, 'uses'>,
  values: readonly (Pick<StoredValue, 'name'> & Partial<Pick<StoredValue, 'since'>>)[],
): number {
  return Math.max(0, ...values.filter(({ name }) => uses.includes(name)).map(({ since }) => since ?? 0));
}

/** What `conditional: true` contradicts. */
export function conditionalContradictions(definition: CommandBody): FieldError[] {
  if (definition.conditional !== true) return [];
  const own = headerKeys(definition).filter(isConditional);
  const message = `cannot be true where the command sets ${own.join(' and ')} itself: remove one of them`;
  return own.length === 0 ? [] : [{ path: 'conditional', message }];
}
