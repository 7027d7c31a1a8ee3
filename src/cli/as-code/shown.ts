import { styleText } from 'node:util';
import type { Difference } from './differences.ts';
import type { LeftAlone } from './sections.ts';
import type { Step } from './step.ts';

const signs = { create: '+', change: '~', delete: '-' } as const;
const colours = { create: 'green', change: 'yellow', delete: 'red' } as const;

/** A plan as people read it. `placeOf`: where the files have that path. */
export function shownPlan(
  steps: readonly Step[],
  leftAlone: readonly LeftAlone[],
  placeOf: (path: string) => string,
): string {
  const notes = leftAlone.map((each) => `${shownLeftAlone(each)}\n`).join('');
  if (steps.length === 0) return `${notes}No changes: it is all as the files have it.`;
  const blocks = steps.map((step) => {
    const head = `${signs[step.action]} ${named(step)}`;
    const place = step.action === 'delete' ? 'not in the files' : placeOf(step.path);
    const lines = step.differences.flatMap((difference) => shownDifference(difference, step.action));
    return [`${styleText(colours[step.action], head)}  (${place})`, ...lines.map((line) => `    ${line}`)].join('\n');
  });
  return `${blocks.join('\n')}\n\n${notes}${counts(steps)}`;
}

function shownLeftAlone({ integration, section, names }: LeftAlone): string {
  const what = names.length === 1 ? `1 ${section.slice(0, -1)} is` : `${names.length} ${section} are`;
  return printable(
    `${integration}: ${what} left alone, since the files have no "${section}" of it; write "${section}: {}" to have none.`,
  );
}

/** `change command acme/GetInvoiceImage`. */
export const named = ({ action, kind, name }: Step) => `${action} ${kind} ${printable(name)}`;

function counts(steps: readonly Step[]): string {
  const of = (action: Step['action']) => steps.filter((step) => step.action === action).length;
  return `Plan: ${of('create')} to create, ${of('change')} to change, ${of('delete')} to delete.`;
}

function shownDifference({ path, before, after }: Difference, action: Step['action']): string[] {
  const field = printable(path);
  if (isLong(before) || isLong(after)) {
    return [`${field}:`, ...changedLines(linesOf(before), linesOf(after)).map((line) => `  ${line}`)];
  }
  if (action === 'create') return [`${field}: ${shownValue(after)}`];
  return [`${field}: ${shownValue(before)} → ${shownValue(after)}`];
}

const isLong = (value: unknown): value is string => typeof value === 'string' && value.includes('\n');

function shownValue(value: unknown): string {
  return value === undefined ? '(none)' : printable(JSON.stringify(value));
}

function linesOf(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  return (typeof value === 'string' ? value : JSON.stringify(value)).split('\n').map(printable);
}

/** What is between the lines that both begin and both end with. */
function changedLines(before: readonly string[], after: readonly string[]): string[] {
  const shortest = Math.min(before.length, after.length);
  let same = 0;
  while (same < shortest && before[same] === after[same]) same += 1;
  let last = 0;
  while (last < shortest - same && before.at(-1 - last) === after.at(-1 - last)) last += 1;
  const changed = (lines: readonly string[], sign: string) =>
    lines.slice(same, lines.length - last).map((line) => `${sign} ${line}`);
  return [...changed(before, '-'), ...changed(after, '+')];
}

/** Names and values are other people's: nothing of them may move a terminal's cursor, or turn its text around. */
export function printable(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
    /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
