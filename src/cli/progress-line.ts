export type LineStream = Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'clearLine' | 'cursorTo' | 'write'>;

/** One line on stderr that is written over; nothing at all where stderr is not a terminal. */
export function createProgressLine(stream: LineStream = process.stderr) {
  let shown = false;
  return {
    show(text: string): void {
      if (!stream.isTTY) return;
      stream.clearLine(0);
      stream.cursorTo(0);
      // A terminal that nobody gave a size says that it has 0 columns.
      stream.write(text.slice(0, (stream.columns || 80) - 1));
      shown = true;
    },
    clear(): void {
      if (!shown) return;
      stream.clearLine(0);
      stream.cursorTo(0);
      shown = false;
    },
  };
}
