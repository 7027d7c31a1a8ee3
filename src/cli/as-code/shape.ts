import type { z } from 'zod';
import { type ConfigurationFile, configurationFileSchema } from '../../contract/configuration-file.ts';
import { fieldErrors } from '../../contract/field-errors.ts';
import type { FieldError } from '../../contract/problem.ts';
import { wording } from '../../contract/wording.ts';
import { type Gaps, gapsOf, isGap } from './gaps.ts';
import { readLeniently } from './lenient.ts';
import { type Spelt, spelt } from './misspelt.ts';

/** A document's content, as far as it is of the right shape. */
export type Shape = {
  content: ConfigurationFile;
  gaps: Gaps;
  /** All that is not, with the paths by which the document has it. */
  errors: FieldError[];
  writtenAs: Spelt['writtenAs'];
};

export function shapeOf(plain: unknown): Shape {
  const { content, errors: misspelt, badlyNamed, writtenAs } = spelt(configurationFileSchema, plain);
  const strict = configurationFileSchema.safeParse(content, { error: wording });
  if (strict.success) return { content: strict.data, gaps: gapsOf(content, []), errors: [...misspelt], writtenAs };
  const inside = badlyNamed.flatMap(({ path, schema, value }) =>
    issuesOf(schema, value).map((issue) => ({ ...issue, path: [...path, ...issue.path] })),
  );
  const issues = [...strict.error.issues, ...inside];
  const gaps = gapsOf(content, issues);
  const readable = readLeniently(content);
  // What is asked of several fields together was not looked at where one of them is not right.
  const together = issuesOf(configurationFileSchema, readable);
  const errors = [
    ...fieldErrors(issues, Number.POSITIVE_INFINITY),
    ...fieldErrors(together).filter(({ path }) => !isGap(gaps, path)),
  ].map(({ path, message }) => ({ path: writtenAs(path), message }));
  return { content: readable, gaps, errors: distinct([...misspelt, ...errors]), writtenAs };
}

const issuesOf = (schema: z.ZodType, value: unknown) => schema.safeParse(value, { error: wording }).error?.issues ?? [];

function distinct(errors: readonly FieldError[]): FieldError[] {
  return [...new Map(errors.map((error) => [`${error.path}\n${error.message}`, error])).values()];
}
