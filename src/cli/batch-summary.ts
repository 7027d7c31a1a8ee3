import type { Batch } from '../contract/batch.ts';
import type { BatchReport, MissingItem } from '../contract/batch-report.ts';
import { counted, durationText } from './batch-progress.ts';

/** A message is shown so far. */
const longestMessage = 160;

/** What became of a batch: counts, and for each error code how often and an example, the most frequent first. */
export function summaryOf(batch: Batch, report: Pick<BatchReport, 'byCode' | 'missing'>): string {
  const { id, integration, command, status, outcome } = batch;
  const lines = [`${integration} ${command}, batch ${id}: ${outcome ?? status}${tookText(batch)}`];
  lines.push(`  ${countsText(batch)}`);
  const codes = Object.entries(report.byCode).sort(([, one], [, other]) => other - one);
  const width = Math.max(0, ...codes.map(([code]) => code.length));
  for (const [code, count] of codes) {
    const example = report.missing.find((item) => item.code === code);
    lines.push(`  ${code.padEnd(width)}  ${counted(count)}${example === undefined ? '' : `  ${exampleText(example)}`}`);
  }
  return lines.join('\n');
}

/** How many have no result. */
export const notSucceeded = ({ total, succeeded }: Batch) => total - succeeded;

function countsText(batch: Batch): string {
  const { total, succeeded, unchanged, absent, failed, cancelled } = batch;
  const more = [
    [absent, 'absent'],
    [failed, 'failed'],
    [cancelled, 'cancelled'],
  ] as const;
  const others = more.filter(([count]) => count > 0).map(([count, what]) => `, ${counted(count)} ${what}`);
  const same = unchanged > 0 ? ` (${counted(unchanged)} unchanged)` : '';
  return `${counted(total)} ${total === 1 ? 'item' : 'items'}: ${counted(succeeded)} succeeded${same}${others.join('')}`;
}

function tookText({ total, startedAt, finishedAt }: Batch): string {
  if (startedAt === null || finishedAt === null) return '';
  const seconds = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
  const pace = seconds < 1 ? '' : `, ${counted(Math.round(total / seconds))} per second`;
  return ` after ${durationText(seconds)}${pace}`;
}

function exampleText({ item, reference, message }: MissingItem): string {
  const which = reference === null ? `item ${counted(item)}` : `item ${counted(item)} (${reference})`;
  const [first = ''] = (message ?? '').split('\n', 1);
  const short = first.length > longestMessage ? `${first.slice(0, longestMessage)}…` : first;
  return short === '' ? `e.g. ${which}` : `e.g. ${which}: ${short}`;
}
