import type { Batch } from '../contract/batch.ts';
import { createProgressLine, type LineStream } from './progress-line.ts';

/** How far something is: so many of so many are done. */
export type Progress = { doing: string; done: number; total: number; notes: readonly string[] };

/** A log, unlike a terminal, keeps every line. */
const plainEveryMs = 10_000;
/** The rate is that of the last while: long enough to be steady, short enough to follow a change. */
const paceOverMs = 30_000;
/** A rate over less than this is chance. */
const paceLeastMs = 1_000;
const barCells = 24;

export const counted = (count: number) => count.toLocaleString('en');

/** A bar with rate and time left on a terminal; elsewhere a line when it begins something else, and every ten seconds. */
export function createBatchProgress(stream: LineStream = process.stderr, now = () => performance.now()) {
  const line = createProgressLine(stream);
  let pace = createPace();
  let doing = '';
  let toldAt = Number.NEGATIVE_INFINITY;

  return {
    show(progress: Progress): void {
      const at = now();
      if (progress.doing !== doing) {
        pace = createPace();
        doing = progress.doing;
        toldAt = Number.NEGATIVE_INFINITY;
      }
      const perSecond = pace(at, progress.done);
      if (stream.isTTY) line.show(barOf(progress, perSecond));
      else if (at - toldAt >= plainEveryMs) {
        stream.write(`${plainly(progress, perSecond)}\n`);
        toldAt = at;
      }
    },
    clear: () => line.clear(),
  };
}

export function progressOf({ status, total, succeeded, failed, absent, cancelled, retrying }: Batch): Progress {
  const notes = [
    [failed, 'failed'],
    [absent, 'absent'],
    [retrying, 'retrying'],
  ] as const;
  return {
    doing: status,
    done: succeeded + failed + absent + cancelled,
    total,
    notes: notes.filter(([count]) => count > 0).map(([count, what]) => `${counted(count)} ${what}`),
  };
}

/** Takes what is done by when; gives how much of it per second, `null` while that cannot be told. */
function createPace(): (at: number, done: number) => number | null {
  const samples: { at: number; done: number }[] = [];
  return (at, done) => {
    samples.push({ at, done });
    while (samples.length > 2 && at - (samples[1]?.at ?? at) >= paceOverMs) samples.shift();
    const [first] = samples;
    if (first === undefined || at - first.at < paceLeastMs) return null;
    return ((done - first.done) / (at - first.at)) * 1000;
  };
}

function barOf(progress: Progress, perSecond: number | null): string {
  const { doing, done, total } = progress;
  const filled = total === 0 ? 0 : Math.floor((done / total) * barCells);
  const bar = '█'.repeat(filled) + '░'.repeat(barCells - filled);
  return `${doing} ${bar} ${percent(progress)}  ${rest(progress, perSecond)}`;
}

function plainly(progress: Progress, perSecond: number | null): string {
  return `${progress.doing}: ${rest(progress, perSecond)} (${percent(progress)})`;
}

function rest({ done, total, notes }: Progress, perSecond: number | null): string {
  const pace = perSecond === null || perSecond <= 0 ? [] : [`${rateText(perSecond)}/s`];
  const left = pace.length === 0 || done >= total ? [] : [`${durationText((total - done) / (perSecond ?? 1))} left`];
  return [`${counted(done)} of ${counted(total)}`, ...notes, ...pace, ...left].join(', ');
}

/** Never 100 % before all is done. */
const percent = ({ done, total }: Progress) => `${total === 0 ? 0 : Math.floor((done / total) * 100)} %`;

const rateText = (perSecond: number) => (perSecond < 10 ? perSecond.toFixed(1) : counted(Math.round(perSecond)));

/** `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function durationText(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${counted(Math.floor(whole / 3600))} h ${Math.floor((whole % 3600) / 60)} min`;
}
