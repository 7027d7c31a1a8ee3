import type { z } from 'zod';
import { isWithin } from './misspelt.ts';
import { sections } from './sections.ts';

/** What could not be read: nothing follows from its not being there. */
export type Gaps = {
  /** Paths of what is not of the right shape. */
  unread: readonly string[];
  /** Integrations that may have more variables, secrets and commands than were read. */
  open: ReadonlySet<string>;
  /** May there be more command types than were read? */
  moreTypes: boolean;
};

type Issue = z.core.$ZodIssue;

/** Is something not of the right shape at that path, or below it? */
export function hasGap({ unread }: Gaps, path: string): boolean {
  return unread.some((each) => isWithin(each, path));
}

/** Can nothing be said of what is at that path? */
export function isGap({ unread }: Gaps, path: string): boolean {
  return unread.some((each) => isWithin(path, each));
}

/** May a command type of the files have other tokens than were read? */
export function mayMissTokens({ unread }: Gaps, type: string): boolean {
  const path = `commandTypes.${type}`;
  return unread.some((each) => isWithin(each, path) && namesOfTokens.test(each.slice(path.length)));
}

const namesOfTokens = /^(?:\.tokens(?:\.\d+(?:\.(?:name|aliasOf))?)?)?$/;

/** What a document's content leaves open, from what is wrong with its shape. */
export function gapsOf(content: unknown, issues: readonly Issue[]): Gaps {
  // A name that is not right says nothing of what is below it.
  const shapes = issues.filter(({ code }) => code !== 'invalid_key');
  return {
    unread: [
      ...shapes.flatMap(pathsOf).flatMap(withWhatHangsOnIt),
      ...shapes.flatMap((issue) => unreadBody(content, issue)),
    ],
    open: new Set(issues.filter((issue) => mayHideNames(content, issue)).map(({ path }) => String(path[1]))),
    moreTypes: issues.some(({ path }) => path.length === 0 || (path.length === 1 && path[0] === 'commandTypes')),
  };
}

function pathsOf(issue: Issue): string[] {
  const keys = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [key]) : [[]];
  return keys.map((key) => [...issue.path, ...key].join('.'));
}

/** An integration as a whole, a section that is no map, or what is not known and is more than a value. */
function mayHideNames(content: unknown, issue: Issue): boolean {
  const [top, id, section, ...below] = issue.path;
  if (top !== 'integrations' || id === undefined || below.length > 0) return false;
  if (section !== undefined) return (sections as readonly PropertyKey[]).includes(section);
  if (issue.code !== 'unrecognized_keys') return true;
  const { integrations } = content as { integrations: Record<PropertyKey, Record<string, unknown>> };
  return issue.keys.some((key) => typeof integrations[id]?.[key] === 'object');
}

/** A schedule that has no source needs items. */
function withWhatHangsOnIt(path: string): string[] {
  const schedule = /^(.+\.schedules\..+)\.source(?:\.|$)/.exec(path)?.[1];
  return [path, ...(schedule === undefined ? [] : [`${schedule}.items`])];
}

/** A body is read by its Content-Type: nothing can be said of it if that may be the header that is not right. */
function unreadBody(content: unknown, { path }: Issue): string[] {
  if (path[2] !== 'commands' || path[4] !== 'request' || path[5] !== 'headers') return [];
  const headers = path
    .slice(0, 6)
    .reduce<unknown>((outer, name) => (outer as Record<PropertyKey, unknown>)[name], content);
  const types = Array.isArray(headers) ? headers.map(isContentType) : [];
  const known = types.includes(true) && types[Number(path[6])] === false;
  return known ? [] : [[...path.slice(0, 5), 'body'].join('.')];
}

function isContentType(header: unknown): boolean {
  const { key } = (header ?? {}) as { key?: unknown };
  return typeof key === 'string' && key.toLowerCase() === 'content-type';
}
