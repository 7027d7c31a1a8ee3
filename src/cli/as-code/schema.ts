import { z } from 'zod';
import { configurationFileSchema } from '../../contract/configuration-file.ts';

/** The JSON schema of the files that `errand apply` reads, for editors; draft 7 is what they all know. */
export function configurationSchema(): string {
  const schema = z.toJSONSchema(configurationFileSchema, { target: 'draft-7', io: 'input' });
  return `${JSON.stringify({ title: 'Errand: configuration as code', ...schema }, null, 2)}\n`;
}
