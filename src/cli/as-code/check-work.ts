import type { CommandBody } from '../../contract/command.ts';
import type { CommandType } from '../../contract/command-type.ts';
import type { IntegrationEntry } from '../../contract/configuration-file.ts';
import { commandNameSchema } from '../../contract/names.ts';
import type { FieldError } from '../../contract/problem.ts';
import { typeOf } from '../../integrations/assemble.ts';
import { problemsOf, requireType } from '../../integrations/commands.ts';
import type { Around } from '../../integrations/stored.ts';
import { scheduleProblems } from '../../schedules/check.ts';
import { timingProblems } from '../../schedules/cron.ts';
import { scanTemplate } from '../../tokens/parse.ts';
import { storedCommand } from './afterwards.ts';
import { commandConfiguration, scheduleConfiguration } from './comparable.ts';
import { type Gaps, hasGap, isGap, mayMissTokens } from './gaps.ts';
import { anyCommand } from './lenient.ts';
import { refused } from './refused.ts';

/** What is wrong with the commands and schedules of an integration that has these values and commands. */
export function workProblems(id: string, entry: IntegrationEntry, around: Around, gaps: Gaps): FieldError[] {
  const open = gaps.open.has(id);
  const commands = Object.entries(entry.commands ?? {}).map(([name, body]) => {
    const type = typeFor(name, around.types, gaps);
    const errors = commandProblems(name, body, { type, around, open }).map(below(`commands.${name}`));
    const request = `integrations.${id}.commands.${name}.request`;
    const unsure = errors.length > 0 || isGap(gaps, request) || hasGap(gaps, request);
    return { name, type, errors, stored: storedCommand(name, unsure ? anyCommand : body) };
  });
  // A command's own errors are told once: a schedule that runs it is held against its type only.
  const told = new Map(commands.map(({ name, stored }) => [name, stored]));
  const afterwards = { ...around, commands: around.commands.map((command) => told.get(command.name) ?? command) };
  const untyped = around.commands
    .map(({ name }) => ({ name, type: typeFor(name, around.types, gaps) }))
    .filter(({ name, type }) => type === 'unread' || (type === null && told.has(name)))
    .map(({ name }) => name);
  const schedules = Object.entries(entry.schedules ?? {}).flatMap(([name, body]) => {
    const definition = scheduleConfiguration(body);
    const unsure = open || untyped.some((command) => command === body.command || command === body.source?.command);
    const errors = unsure ? timingProblems(definition) : scheduleProblems(definition, afterwards);
    return errors.map(below(`schedules.${name}`));
  });
  return [...commands.flatMap(({ errors }) => errors), ...schedules];
}

/** `null`: there is none. `unread`: there may be one, of which nothing is known. */
type KnownType = CommandType | 'unread' | null;

function typeFor(name: string, types: readonly CommandType[], gaps: Gaps): KnownType {
  if (mayMissTokens(gaps, name) || !commandNameSchema.safeParse(name).success) return 'unread';
  return typeOf(name, types) ?? (gaps.moreTypes ? 'unread' : null);
}

function commandProblems(
  name: string,
  body: CommandBody,
  { type, around, open }: { type: KnownType; around: Around; open: boolean },
): FieldError[] {
  const strange = type === null ? refused('', () => requireType(around, name)) : [];
  const unread = type === null || type === 'unread';
  const known = unread ? { name, builtIn: false, tokens: [] } : type;
  const templates = open || unread ? textsOf(body) : [];
  const values = [...around.values, ...assumedIn(templates, around.values)];
  return [...strange, ...problemsOf(commandConfiguration(body), known, { values })];
}

function textsOf({ request: { url, headers = [], body = '' } }: CommandBody): string[] {
  return [url, ...headers.map(({ value }) => value), body];
}

/** What these templates use beside the values that are known: others, perhaps, that could not be read. */
export function assumedIn(templates: readonly string[], values: Around['values']): Around['values'] {
  const known = values.map(({ name }) => name);
  const used = templates.flatMap((template) =>
    scanTemplate(template).segments.flatMap((segment) => (segment.kind === 'token' ? [segment.name] : [])),
  );
  const assumed = [...new Set(used)].filter((name) => !known.includes(name) && !name.startsWith('errand.'));
  return assumed.map((name) => ({ name, kind: 'secret' }));
}

const below =
  (prefix: string) =>
  ({ path, message }: FieldError): FieldError => ({ path: path === '' ? prefix : `${prefix}.${path}`, message });
