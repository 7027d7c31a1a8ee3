/** Units of a measure, smallest first; `size` in the API's own unit. */
export type Unit = { name: string; size: number; also: readonly string[] };

export const timeUnits: readonly Unit[] = [
  { name: 'ms', size: 1, also: [] },
  { name: 's', size: 1_000, also: ['sec', 'second', 'seconds'] },
  { name: 'min', size: 60_000, also: ['m', 'minute', 'minutes'] },
  { name: 'h', size: 3_600_000, also: ['hour', 'hours'] },
];

export const byteUnits: readonly Unit[] = [
  { name: 'bytes', size: 1, also: ['b', 'byte'] },
  { name: 'KiB', size: 1024, also: ['kb', 'k'] },
  { name: 'MiB', size: 1024 * 1024, also: ['mb', 'm'] },
];

/** "250 ms", "1.5 min", "25 MiB": in the largest unit that needs no long fraction. */
export function measured(value: number, units: readonly Unit[]): string {
  const fits = (unit: Unit) => value >= unit.size && Number.isInteger((value * 10) / unit.size);
  const unit = units.findLast(fits) ?? units[0];
  return unit === undefined ? String(value) : `${(value / unit.size).toLocaleString('en-US')} ${unit.name}`;
}

/** What is written in a field: `null` for nothing, and the text itself while it is no measure. */
export type Measure = number | string | null;

/** A number alone is in the smallest unit. */
export function readMeasure(text: string, units: readonly Unit[]): Measure {
  if (text.trim() === '') return null;
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim().replaceAll(',', ''));
  if (match === null) return text;
  const [, count = '', written = ''] = match;
  const name = written.toLowerCase();
  const unit = units.find((one) => name === '' || one.name.toLowerCase() === name || one.also.includes(name));
  return unit === undefined ? text : Math.round(Number(count) * unit.size);
}
