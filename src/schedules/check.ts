import type { FieldError } from '../contract/problem.ts';
import { Refusal } from '../contract/problem.ts';
import type { Tokens, TokenValue } from '../contract/tokens.ts';
import { compileCommand, typeOf } from '../integrations/assemble.ts';
import { liveCommands } from '../integrations/clashes.ts';
import type { CompiledCommand } from '../integrations/configuration.ts';
import type { Around } from '../integrations/stored.ts';
import { isSourceToken } from '../invocations/source.ts';
import { missingTokens } from '../tokens/compile.ts';
import { resolveTokens, sensitiveNames } from '../tokens/names.ts';
import { timingProblems } from './cron.ts';
import type { ScheduleDefinition } from './schedule.ts';

/** Enough to mend a schedule by. */
const maxErrors = 50;

/**
 * Refuses a schedule of which it can be known now that its runs would fail, or would skip what they should fetch.
 *
 * @throws Refusal `invalid`, with the field of each problem and what would be right
 */
export function requireRunnable(definition: ScheduleDefinition, around: Around): void {
  const errors = scheduleProblems(definition, around);
  if (errors.length > 0) throw new Refusal('invalid', 'The schedule cannot be saved.', errors.slice(0, maxErrors));
}

/** What is wrong with a schedule of an integration that has these values and commands. */
export function scheduleProblems(definition: ScheduleDefinition, around: Around): FieldError[] {
  return [...timingProblems(definition), ...workProblems(definition, around)];
}

function workProblems({ command: name, items, source }: ScheduleDefinition, around: Around): FieldError[] {
  const command = configured(around, name, 'command');
  if (!command.ok) return command.errors;
  const own = command.command.request.uses.filter(isSourceToken);
  if (own.length > 0) {
    const message = `uses {{${own.join('}}, {{')}}}, which only a schedule's source has; it can be source.command`;
    return [{ path: 'command', message }];
  }
  if (items !== null) {
    return items.flatMap(({ tokens }, index) =>
      tokenProblems(command.command, tokens, around, `items.${index}.tokens`),
    );
  }
  return source === null ? [] : sourceProblems(source, command.command, around);
}

type Configured = { ok: true; command: CompiledCommand } | { ok: false; errors: FieldError[] };

function configured(around: Around, name: string, path: string): Configured {
  const commands = liveCommands(around);
  const stored = commands.find((one) => one.name === name);
  const type = typeOf(name, around.types);
  if (stored === undefined || type === undefined) {
    const names = commands.map((one) => `"${one.name}"`).sort();
    const has = names.length === 0 ? 'it has none yet' : `it has ${names.join(', ')}`;
    const message = `must be a command of the integration, which has no "${name}"; ${has}`;
    return { ok: false, errors: [{ path, message }] };
  }
  const compiled = compileCommand(stored, type, around.values);
  if (compiled.ok) return compiled;
  return { ok: false, errors: [{ path, message: `"${name}" does not fit its command type any more; save it again` }] };
}

function sourceProblems(
  source: NonNullable<ScheduleDefinition['source']>,
  command: CompiledCommand,
  around: Around,
): FieldError[] {
  // A stand-in for each pointer, so that a name and its alias with two pointers are noticed.
  const errors = tokenProblems(command, source.map, around, 'source.map', { sensitive: true });
  const lister = configured(around, source.command, 'source.command');
  if (!lister.ok) return [...errors, ...lister.errors];
  const problem = listerProblem(lister.command);
  if (problem !== null) errors.push({ path: 'source.command', message: problem });
  if (lister.command.request.uses.includes('errand.next') && source.next === undefined) {
    const message = `is required: ${source.command} uses {{errand.next}}, so say where a page names the next one`;
    errors.push({ path: 'source.next', message });
  }
  return [...errors, ...tokenProblems(lister.command, source.tokens ?? {}, around, 'source.tokens')];
}

/** Why a command cannot list what a schedule fetches; `null` if it can. */
export function listerProblem({ name, request }: Pick<CompiledCommand, 'name' | 'request'>): string | null {
  if (!request.uses.includes('errand.lastSync')) return null;
  return (
    `${name} uses {{errand.lastSync}}, which moves with every success: after a click at noon, what had changed ` +
    'before it would be skipped at night. Use {{errand.since}}'
  );
}

/** What an invocation with these tokens would be refused for. */
function tokenProblems(
  command: CompiledCommand,
  tokens: Tokens,
  { values: around }: Around,
  path: string,
  allowed: { sensitive?: boolean } = {},
): FieldError[] {
  const declared = command.type.tokens;
  const reserved = around.map(({ name }) => name);
  const resolved = resolveTokens(declared, tokens, { reserved });
  if (!resolved.ok) return resolved.errors.map((error) => ({ ...error, path: `${path}.${error.path}` }));
  const missing = missingTokens(
    command.request,
    (name) => isSourceToken(name) || resolved.values.has(name) || reserved.includes(name),
  ).map((name) => ({ path: `${path}.${name}`, message: `is needed: ${command.name} uses {{${name}}}` }));
  return allowed.sensitive === true ? missing : [...missing, ...sensitiveProblems(declared, tokens, path)];
}

function sensitiveProblems(
  declared: CompiledCommand['type']['tokens'],
  tokens: Readonly<Record<string, TokenValue>>,
  path: string,
): FieldError[] {
  const sensitive = sensitiveNames(declared);
  const message = 'is sensitive, and a schedule keeps what it holds readable; save it as a secret of the integration';
  return Object.keys(tokens)
    .filter((name) => sensitive.has(name))
    .map((name) => ({ path: `${path}.${name}`, message }));
}
