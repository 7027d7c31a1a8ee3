import { lanes } from '../src/contract/lane.ts';
import { type Policy, policyFor } from '../src/judging/policy.ts';
import { markdownTable } from './markdown-table.ts';

/** What each of a policy's settings is called in a command; `connectTimeoutMs` cannot be set. */
const settings: readonly (readonly [Exclude<keyof Policy, 'nonIdempotent'>, string, string])[] = [
  ['connectTimeoutMs', '', 'resolving, connecting, TLS'],
  ['timeoutMs', '`timeoutMs`', 'the whole exchange, from DNS to the last byte'],
  ['attempts', '`retry.attempts`', 'attempts in all, the first included'],
  ['baseMs', '`retry.baseMs`', 'backoff from'],
  ['maxMs', '`retry.maxMs`', 'backoff to'],
  ['deadlineMs', '`deadlineMs`', "first attempt to last; a batch's `finishBy` takes its place"],
];

/** The section `defaults of each lane` of docs/api.md. */
export function policyTable(name: string): string | undefined {
  if (name !== 'defaults of each lane') return undefined;
  const policies = lanes.map((lane) => policyFor({}, lane));
  const rows = settings.map(([key, setting, meaning]) => [
    setting,
    meaning,
    ...policies.map((policy) => (key === 'attempts' ? String(policy[key]) : spoken(policy[key]))),
  ]);
  return markdownTable(['setting', 'bounds', ...lanes], rows);
}

function spoken(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  const seconds = ms / 1000;
  return seconds < 3600 ? `${seconds} s` : `${seconds / 3600} h`;
}
