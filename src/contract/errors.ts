import { z } from 'zod';
import { errorCodes, sides } from './error-catalogue.ts';

export { type ErrorCode, errorCatalogue, errorCodes, type Side, sides } from './error-catalogue.ts';

export const errorCodeSchema = z.enum(errorCodes);

export const failureSchema = z.strictObject({
  code: errorCodeSchema,
  message: z.string(),
  side: z.enum(sides),
  cause: errorCodeSchema.optional(),
});
/** Why an invocation or attempt failed. `message` is written for the person who can mend it. */
export type Failure = z.infer<typeof failureSchema>;
