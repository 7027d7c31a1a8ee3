/** "2026-11-26T03:25:07", by the clock on the reader's wall, as `<input type="datetime-local">` has it; empty: it is no time. */
export function localOf(at: string | undefined): string {
  const time = at === undefined ? Number.NaN : Date.parse(at);
  if (Number.isNaN(time)) return '';
  return new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** As the API has it; empty: it is no time. */
export function isoOf(local: string): string {
  const time = Date.parse(local);
  return Number.isNaN(time) ? '' : new Date(time).toISOString();
}
