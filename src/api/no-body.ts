import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { fieldErrors } from '../contract/field-errors.ts';
import { wording } from '../contract/wording.ts';
import { InvalidInput } from './validation.ts';

const nothing = z.strictObject({}).nullish();

/**
 * Of routes whose path says it all, as `preValidation`. An empty object will do, too, but a field in it would be ignored
 * in silence, so it is refused. Not as a schema of the body: OpenAPI would say that there must be one.
 */
export async function takesNoBody({ body }: Pick<FastifyRequest, 'body'>): Promise<void> {
  const result = nothing.safeParse(body, { error: wording });
  if (!result.success) throw new InvalidInput('body', fieldErrors(result.error.issues));
}
