/**
 * The meters of several processes as one text. Each series has its process as a label, so nothing is added up; a meter's
 * series have to stand together, under one description.
 */
export function mergeTexts(texts: readonly string[]): string {
  const meters = new Map<string, string[]>();
  for (const text of texts) {
    let lines: string[] = [];
    let fresh = false;
    for (const line of text.split('\n')) {
      const described = /^# (HELP|TYPE) (\S+)/.exec(line);
      if (described?.[1] === 'HELP') {
        const name = described[2] as string;
        fresh = !meters.has(name);
        lines = meters.get(name) ?? [];
        meters.set(name, lines);
      }
      if (line !== '' && (described === null || fresh)) lines.push(line);
    }
  }
  return `${[...meters.values()].map((lines) => lines.join('\n')).join('\n\n')}\n`;
}
