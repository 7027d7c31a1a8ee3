import type { Schedule, ScheduleBody, ScheduleItem, ScheduleSource } from '../../../contract/schedule.ts';
import { localOf } from '../../parts/local-time.ts';
import { duplicateNames, type NamedRow, recordOf, rowField } from './named-row-values.ts';

/** How what a schedule runs is written down: values of one token, whole items as JSON, or a command that lists them. */
export type What = 'values' | 'json' | 'source';

/** A schedule as it stands in its form; fields that may be left out are empty. */
export type ScheduleValues = {
  name: string;
  command: string;
  cron: string;
  timezone: string;
  enabled: boolean;
  spreadMinutes: number | '';
  finishHours: number | '';
  what: What;
  token: string;
  lines: string;
  json: string;
  sourceCommand: string;
  itemsPointer: string;
  map: NamedRow[];
  sourceTokens: NamedRow[];
  nextPointer: string;
  /** As `<input type="datetime-local">` has it, in the reader's zone. */
  initialSince: string;
  overlapSeconds: number | '';
};

export const newSchedule = (command: string, token: string, timezone: string): ScheduleValues => ({
  name: 'nightly',
  command,
  cron: '0 2 * * *',
  timezone,
  enabled: true,
  spreadMinutes: '',
  finishHours: '',
  what: 'values',
  token,
  lines: '',
  json: '',
  sourceCommand: '',
  itemsPointer: '',
  map: [{ name: token, value: '' }],
  sourceTokens: [],
  nextPointer: '',
  initialSince: '',
  overlapSeconds: '',
});

export function valuesOf(schedule: Schedule): ScheduleValues {
  const { name, command, cron, timezone, enabled, spreadSeconds, finishWithinSeconds, items, source } = schedule;
  const token = onlyToken(items ?? []);
  return {
    ...newSchedule(command, token ?? '', timezone),
    ...{ name, cron, enabled },
    spreadMinutes: spreadSeconds === 0 ? '' : spreadSeconds / 60,
    finishHours: finishWithinSeconds === null ? '' : finishWithinSeconds / 3600,
    what: source !== null ? 'source' : token === null ? 'json' : 'values',
    lines: token === null ? '' : (items ?? []).map(({ tokens }) => String(tokens[token])).join('\n'),
    json: (items ?? []).map((item) => JSON.stringify(item)).join('\n'),
    ...(source === null ? {} : sourceValues(source)),
  };
}

/** The token that each item has, and nothing else; `null`: they hold more than a list of values can say. */
function onlyToken(items: readonly ScheduleItem[]): string | null {
  const [token] = Object.keys(items[0]?.tokens ?? {});
  if (token === undefined) return null;
  const plain = items.every(({ tokens, reference }) => {
    const value = tokens[token];
    const oneLine = typeof value === 'string' && value !== '' && value === value.trim() && !value.includes('\n');
    return reference === undefined && Object.keys(tokens).length === 1 && oneLine;
  });
  return plain ? token : null;
}

function sourceValues(source: ScheduleSource): Partial<ScheduleValues> {
  const rows = (of: Record<string, unknown>) =>
    Object.entries(of).map(([name, value]) => ({ name, value: fieldText(value) }));
  return {
    sourceCommand: source.command,
    itemsPointer: source.itemsPointer,
    map: rows(source.map),
    sourceTokens: rows(source.tokens ?? {}),
    nextPointer: source.next?.pointer ?? '',
    initialSince: source.initialSince === undefined ? '' : localTime(source.initialSince),
    overlapSeconds: source.overlapSeconds ?? '',
  };
}

const fieldText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

/** To the minute, which is as fine as the form is. */
const localTime = (at: string) => localOf(at).slice(0, 'yyyy-mm-ddThh:mm'.length);

/** As it is, for a change that the form has no part in. */
export function bodyOfSchedule(schedule: Schedule): ScheduleBody {
  const { command, cron, timezone, enabled, spreadSeconds, finishWithinSeconds, items, source } = schedule;
  return {
    ...{ command, cron, timezone, enabled, spreadSeconds },
    ...(finishWithinSeconds === null ? {} : { finishWithinSeconds }),
    ...(items === null ? {} : { items }),
    ...(source === null ? {} : { source }),
  };
}

/**
 * What the form's fields cannot say (a token that is a number, seconds of a time) comes from the schedule as it was,
 * where its field is as it was.
 *
 * @throws SyntaxError for a line of JSON that is none: `problemOfJson` says which, before
 */
export function bodyOf(values: ScheduleValues, before: Schedule | null = null): ScheduleBody {
  const { command, cron, timezone, enabled, spreadMinutes, finishHours } = values;
  const was = before === null ? null : valuesOf(before);
  const spread = spreadMinutes === '' ? null : Math.round(spreadMinutes * 60);
  const finish = finishHours === '' ? null : Math.round(finishHours * 3600);
  const spreadSeconds = was?.spreadMinutes === spreadMinutes ? (before?.spreadSeconds ?? null) : spread;
  const finishWithinSeconds = was?.finishHours === finishHours ? (before?.finishWithinSeconds ?? null) : finish;
  return {
    command,
    cron: cron.trim(),
    timezone,
    enabled,
    ...(spreadSeconds === null ? {} : { spreadSeconds }),
    ...(finishWithinSeconds === null ? {} : { finishWithinSeconds }),
    ...(values.what === 'source' ? { source: sourceOf(values, before?.source ?? null) } : { items: itemsOf(values) }),
  };
}

const linesOf = (text: string) => text.split('\n').filter((line) => line.trim() !== '');

function itemsOf({ what, token, lines, json }: ScheduleValues): ScheduleItem[] {
  if (what === 'values') return linesOf(lines).map((line) => ({ tokens: { [token]: line.trim() } }));
  return linesOf(json).map((line) => JSON.parse(line) as ScheduleItem);
}

function sourceOf(values: ScheduleValues, before: ScheduleSource | null): ScheduleSource {
  const { sourceCommand, itemsPointer, map, sourceTokens, nextPointer, overlapSeconds } = values;
  const tokens = tokensOf(sourceTokens, before?.tokens ?? {});
  const initialSince = sinceOf(values, before);
  return {
    command: sourceCommand,
    itemsPointer: itemsPointer.trim(),
    map: recordOf(map),
    ...(Object.keys(tokens).length === 0 ? {} : { tokens }),
    ...(nextPointer.trim() === '' ? {} : { next: { pointer: nextPointer.trim() } }),
    ...(initialSince === null ? {} : { initialSince }),
    ...(overlapSeconds === '' ? {} : { overlapSeconds }),
  };
}

type SourceTokens = NonNullable<ScheduleSource['tokens']>;

/** What is typed is text; a value that nobody touched stays what it was. */
function tokensOf(rows: readonly NamedRow[], before: SourceTokens): SourceTokens {
  const tokens = Object.entries(recordOf(rows)).map(([name, text]) => {
    const was = before[name];
    return [name, was !== undefined && fieldText(was) === text ? was : text] as const;
  });
  return Object.fromEntries(tokens);
}

function sinceOf({ initialSince }: ScheduleValues, before: ScheduleSource | null): string | null {
  if (initialSince === '') return null;
  const was = before?.initialSince;
  return was !== undefined && localTime(was) === initialSince ? was : new Date(initialSince).toISOString();
}

/** Which line is no JSON; `null`: all are. */
export function problemOfJson(text: string): string | null {
  for (const [index, line] of linesOf(text).entries()) {
    try {
      JSON.parse(line);
    } catch (error) {
      return `item ${index + 1}: ${error instanceof Error ? error.message : 'is no JSON'}`;
    }
  }
  return null;
}

/** What is wrong already, before anybody is asked. */
export function problemsOf(values: ScheduleValues): Record<string, string> {
  const { name, command, what, json, sourceCommand, map, sourceTokens } = values;
  const invalidJson = what === 'json' ? problemOfJson(json) : null;
  return {
    ...(name === '' ? { name: 'is required' } : {}),
    ...(command === '' ? { command: 'is required' } : {}),
    ...(what === 'source' && sourceCommand === '' ? { sourceCommand: 'is required' } : {}),
    ...(invalidJson === null ? {} : { json: invalidJson }),
    ...(what === 'source' ? { ...duplicateNames('map', map), ...duplicateNames('sourceTokens', sourceTokens) } : {}),
  };
}

const fields: Readonly<Record<string, string>> = {
  spreadSeconds: 'spreadMinutes',
  finishWithinSeconds: 'finishHours',
  'source.command': 'sourceCommand',
  'source.itemsPointer': 'itemsPointer',
  'source.next.pointer': 'nextPointer',
  'source.initialSince': 'initialSince',
  'source.overlapSeconds': 'overlapSeconds',
};

/** The form's field for a path of the API. */
export function fieldOf(path: string, { what, map, sourceTokens }: ScheduleValues): string | null {
  if (['name', 'command', 'cron', 'timezone'].includes(path)) return path;
  if (path === 'items' || path.startsWith('items.')) return what === 'json' ? 'json' : 'lines';
  return (
    fields[path] ??
    rowField(path, 'source.map.', 'map', map) ??
    rowField(path, 'source.tokens.', 'sourceTokens', sourceTokens)
  );
}

/** "items.3.tokens.X" in people's words, who count from one. */
export function itemMessage(path: string, message: string): string {
  const [, index, rest] = /^items\.(\d+)\.?(.*)$/.exec(path) ?? [];
  if (index === undefined) return message;
  const where = rest === undefined || rest === '' ? '' : ` ${rest.replace(/^tokens\./, '')}`;
  return `item ${Number(index) + 1}${where}: ${message}`;
}
