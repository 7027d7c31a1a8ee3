import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { RequestTemplate } from '../../../src/contract/command.ts';
import { builtInCommandTypes } from '../../../src/contract/command-type.ts';
import type { Tokens } from '../../../src/contract/tokens.ts';
import { compileRequest } from '../../../src/tokens/compile.ts';
import { resolveTokens } from '../../../src/tokens/names.ts';
import { renderRequest } from '../../../src/tokens/render.ts';
import { post, typed } from './requests.ts';

/** A fenced block `json example` of docs/tokens.md. */
type Example = {
  url?: string;
  header?: string;
  contentType?: string;
  body?: string;
  variables?: Record<string, string>;
  tokens: Tokens;
  sent?: string;
  refused?: string;
  refusedWhenSaved?: string;
};

const page = readFileSync(new URL('../../../docs/tokens.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/^```json example\n(.*?)^```$/gms)].map(
  (found): Example => JSON.parse(found[1] ?? ''),
);
const commandType = builtInCommandTypes.find(({ name }) => name === 'GetInvoiceImage')?.tokens ?? [];

function templateOf(example: Example): RequestTemplate {
  if (example.url !== undefined) return post({ url: example.url });
  if (example.header !== undefined) return post({ headers: [{ key: 'X-Example', value: example.header }] });
  return typed(example.contentType ?? '', example.body ?? '');
}

function run(example: Example): Pick<Example, 'sent' | 'refused' | 'refusedWhenSaved'> {
  const variables = new Map(Object.entries(example.variables ?? {}));
  const names = { commandType, variables: [...variables.keys()], secrets: [] };
  const compilation = compileRequest(templateOf(example), names);
  if (!compilation.ok) return { refusedWhenSaved: compilation.errors.map(({ message }) => message).join() };
  // Several examples leave out a required token that they have no use for.
  const resolved = resolveTokens(
    commandType.map((token) => ({ ...token, required: false })),
    example.tokens,
  );
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.errors));
  const { values } = resolved;
  const rendering = renderRequest(compilation.compiled, (name) => variables.get(name) ?? values.get(name));
  if (!rendering.ok) return { refused: rendering.message };
  const { url, headers, body } = rendering.request;
  return {
    sent: example.url !== undefined ? url : example.header !== undefined ? (headers[0]?.value ?? '') : (body ?? ''),
  };
}

describe('contract §5: docs/tokens.md', () => {
  test('has an example for every place', () => {
    expect(examples.length).toBeGreaterThanOrEqual(12);
  });

  test.each(examples)('$url$header$body', (example) => {
    const { sent, refused, refusedWhenSaved } = example;
    const wanted = {
      ...(sent !== undefined && { sent }),
      ...(refused !== undefined && { refused: expect.stringContaining(refused) }),
      ...(refusedWhenSaved !== undefined && { refusedWhenSaved: expect.stringContaining(refusedWhenSaved) }),
    };
    expect(run(example)).toEqual(wanted);
  });
});
