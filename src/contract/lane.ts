import { z } from 'zod';

/** `interactive`: a person is waiting. `batch`: nightly work. The two never wait for each other. */
export const lanes = ['interactive', 'batch'] as const;
export const laneSchema = z.enum(lanes);
export type Lane = z.infer<typeof laneSchema>;

/** One value for both lanes, or one for each: the form of `timeoutMs`, `deadlineMs` and `retry` in a command. */
export function perLane<Value extends z.ZodType>(value: Value) {
  return z.union([value, z.strictObject({ interactive: value.optional(), batch: value.optional() })]);
}
