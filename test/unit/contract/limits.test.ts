import { describe, expect, it } from 'vitest';
import { commandBodySchema } from '../../../src/contract/command.ts';
import { secretBodySchema } from '../../../src/contract/integration.ts';
import { tokensSchema } from '../../../src/contract/tokens.ts';
import { compileAccept } from '../../../src/judging/accept.ts';

const kibibyte = 1024;
/** What is wrong, each with its path. */
function problems(
  schema: { safeParse(value: unknown): { error?: { issues: { path: PropertyKey[]; message: string }[] } } },
  value: unknown,
) {
  const { error } = schema.safeParse(value);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('contract §5: token values', () => {
  it('are strings, numbers, booleans, null, and JSON of these', () => {
    const tokens = { a: 'text', b: 12.5, c: true, d: null, e: [1, { f: ['x', null] }] };
    expect(tokensSchema.parse(tokens)).toEqual(tokens);
  });

  it('hold at most 64 KiB each, as UTF-8', () => {
    expect(problems(tokensSchema, { a: 'x'.repeat(64 * kibibyte) })).toEqual([]);
    expect(problems(tokensSchema, { a: 'x'.repeat(64 * kibibyte + 1) })).toEqual([
      expect.stringMatching(/^a: .*64 KiB/),
    ]);
    expect(problems(tokensSchema, { a: 'é'.repeat(32 * kibibyte + 1) })).toEqual([
      expect.stringMatching(/^a: .*64 KiB/),
    ]);
  });

  it('hold at most 256 KiB together', () => {
    const four = { a: 'x'.repeat(60_000), b: 'x'.repeat(60_000), c: 'x'.repeat(60_000), d: 'x'.repeat(60_000) };
    expect(problems(tokensSchema, four)).toEqual([]);
    expect(problems(tokensSchema, { ...four, e: 'x'.repeat(60_000) })).toEqual([expect.stringMatching(/256 KiB/)]);
  });

  it('of a secret have at least 8 characters', () => {
    expect(problems(secretBodySchema, { value: '12345678' })).toEqual([]);
    expect(problems(secretBodySchema, { value: '1234567' })).toEqual([expect.stringMatching(/^value: .*8/)]);
  });
});

describe('contract §5: methods', () => {
  const command = (method: string, body?: string) => ({ request: { method, url: 'https://example.com/', body } });

  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s is one', (method) => {
    expect(problems(commandBodySchema, command(method))).toEqual([]);
  });

  it.each(['TRACE', 'CONNECT', 'get', 'FETCH'])('%s is none', (method) => {
    expect(problems(commandBodySchema, command(method))).toEqual([expect.stringMatching(/^request\.method: /)]);
  });

  it.each(['GET', 'HEAD'])('%s takes no body', (method) => {
    expect(problems(commandBodySchema, command(method, 'x'))).toEqual([
      `request.body: ${method} takes no body; use POST or remove it`,
    ]);
  });
});

describe('contract §6: accept', () => {
  it("takes the command type's content types where the command says none, and any where it says so", () => {
    const types = (accept?: object, resultTypes?: string[]) => compileAccept(accept, resultTypes).contentTypes;
    expect(types({}, ['Application/PDF'])).toEqual(['application/pdf']);
    expect(types({ contentTypes: ['text/csv'] }, ['application/pdf'])).toEqual(['text/csv']);
    expect(types({ contentTypes: ['text/csv', '*/*'] }, ['application/pdf'])).toBeNull();
    expect(types({}, [])).toBeNull();
  });

  it('takes 2xx of any type, of 25 MiB at most, and knows no absent status, where nothing is said', () => {
    const { accepts, absent, contentTypes, maxBytes, extract } = compileAccept();
    const statuses = Array.from({ length: 400 }, (_, index) => 200 + index);
    expect(statuses.filter(accepts)).toEqual(statuses.slice(0, 100));
    expect({ absent, contentTypes, maxBytes, extract }).toEqual({
      absent: new Set(),
      contentTypes: null,
      maxBytes: 25 * 1024 * 1024,
      extract: null,
    });
  });
});
