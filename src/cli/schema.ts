import { configurationSchema } from './as-code/schema.ts';
import { print } from './output.ts';

/** `errand schema`: the JSON schema of what `errand apply` reads. */
export function runSchema(): Promise<void> {
  return print(configurationSchema());
}
