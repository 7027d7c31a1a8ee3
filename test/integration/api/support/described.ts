import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Answer } from './start-api.ts';

export type Operation = {
  operationId: string;
  security?: object[];
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: object; example?: unknown }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
};

export type Described = { method: string; path: string; operation: Operation };

type Document = { paths: Record<string, Record<string, Operation>> };

/** What /openapi.json says, to hold requests and answers against. */
export function describedBy(document: Document) {
  const ajv = new Ajv2020({ strict: false, validateSchema: false });
  addFormats.default(ajv);
  ajv.addSchema(document, 'openapi');
  const operations: Described[] = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
  const pointer = (...segments: string[]) =>
    segments.map((one) => one.replaceAll('~', '~0').replaceAll('/', '~1')).join('/');

  /** What is wrong with a value there; `null`: nothing. */
  function problemsAt(value: unknown, { method, path }: Described, ...rest: string[]): string | null {
    const $ref = `openapi#/${encodeURI(pointer('paths', path, method.toLowerCase(), ...rest, 'schema'))}`;
    const validate = ajv.getSchema($ref) ?? ajv.compile({ $ref });
    return validate(value) === true ? null : ajv.errorsText(validate.errors);
  }

  return {
    operations,
    body: (described: Described, value: unknown) =>
      problemsAt(value, described, 'requestBody', 'content', 'application/json'),
    /** Does an answer have a status, media type and body that the operation has been described with? */
    answer(described: Described, { status, headers, json, bytes }: Answer): string | null {
      const { responses } = described.operation;
      const key = String(status) in responses ? String(status) : 'default';
      if (key === 'default' && status < 400) return `${status} is not described`;
      const type = headers.get('content-type')?.split(';')[0] ?? '';
      const content = responses[key]?.content;
      if (content === undefined) return bytes.length === 0 ? null : 'it is described without a body';
      const known = type in content ? type : 'application/octet-stream';
      if (!(known in content)) return `${type} is not described`;
      return json === null ? null : problemsAt(json, described, 'responses', key, 'content', known);
    },
  };
}
