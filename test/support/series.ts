/**
 * The value of a series in a text of Prometheus' format; `null` if there is none.
 *
 * @param labels all that it has, in any order
 */
export function seriesOf(text: string, name: string, labels: Readonly<Record<string, string>>): number | null {
  const wanted = JSON.stringify(Object.entries(labels).sort());
  for (const line of text.split('\n')) {
    const [, found, given = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (found !== name) continue;
    const pairs = [...given.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, text]) => [label, text]);
    if (JSON.stringify(pairs.sort()) === wanted) return Number(value);
  }
  return null;
}
