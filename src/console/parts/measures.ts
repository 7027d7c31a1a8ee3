const number = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const few = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 2 });
const whole = new Intl.NumberFormat('en-US');

export const countWords = (count: number) => whole.format(count);

/** "1 invocation", "1,250 invocations". */
export function many(count: number, one: string, several = `${one}s`): string {
  return `${countWords(count)} ${count === 1 ? one : several}`;
}

/** Few digits where they are few: "1.2", "12". */
export const rateWords = (rate: number) => (rate < 10 ? few.format(rate) : countWords(Math.round(rate)));

/** "41 ms", "1.4 s", "3 min 20 s", "2 h 5 min", "4 d 3 h". */
export function durationWords(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${number.format(ms / 1_000)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return two(seconds, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return two(minutes, 60, 'h', 'min');
  return two(Math.round(minutes / 60), 24, 'd', 'h');
}

function two(value: number, size: number, large: string, small: string): string {
  const rest = value % size;
  const first = `${whole.format(Math.floor(value / size))} ${large}`;
  return rest === 0 ? first : `${first} ${rest} ${small}`;
}

const byteUnits = ['bytes', 'KiB', 'MiB', 'GiB'] as const;

/** "512 bytes", "39.1 KiB". */
export function bytesWords(bytes: number): string {
  if (bytes === 1) return '1 byte';
  let value = bytes;
  let unit = 0;
  for (; value >= 1_024 && unit < byteUnits.length - 1; unit += 1) value /= 1_024;
  return `${number.format(value)} ${byteUnits[unit]}`;
}
