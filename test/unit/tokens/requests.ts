import type { RequestTemplate } from '../../../src/contract/command.ts';
import type { TokenValue } from '../../../src/contract/tokens.ts';
import { type CompiledRequest, compileRequest } from '../../../src/tokens/compile.ts';
import type { TokenNames } from '../../../src/tokens/names.ts';
import { type Rendering, type RenderOptions, renderRequest } from '../../../src/tokens/render.ts';

/** Names of the three kinds, from plain lists. */
export function names(given: { tokens?: string[]; variables?: string[]; secrets?: string[] } = {}): TokenNames {
  return {
    commandType: (given.tokens ?? []).map((name) => ({ name })),
    variables: given.variables ?? [],
    secrets: given.secrets ?? [],
  };
}

export function post(parts: Partial<RequestTemplate>): RequestTemplate {
  return { method: 'POST', url: 'https://api.example.com/', ...parts };
}

export function typed(type: string, body: string): RequestTemplate {
  return post({ headers: [{ key: 'Content-Type', value: type }], body });
}

/** The compiled request; fails the test with the errors where there are some. */
export function compiled(template: RequestTemplate, available: TokenNames): CompiledRequest {
  const compilation = compileRequest(template, available);
  if (!compilation.ok) throw new Error(JSON.stringify(compilation.errors));
  return compilation.compiled;
}

/** Why a template is refused, as `path: message`. */
export function refusals(template: RequestTemplate, available: TokenNames): string[] {
  const compilation = compileRequest(template, available);
  return compilation.ok ? [] : compilation.errors.map(({ path, message }) => `${path}: ${message}`);
}

export function lookup(values: Readonly<Record<string, TokenValue>>): (name: string) => TokenValue | undefined {
  return (name) => (Object.hasOwn(values, name) ? values[name] : undefined);
}

export function rendered(
  template: RequestTemplate,
  available: TokenNames,
  values: Readonly<Record<string, TokenValue>>,
  options?: RenderOptions,
): Rendering {
  return renderRequest(compiled(template, available), lookup(values), options);
}
