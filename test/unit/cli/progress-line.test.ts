import { describe, expect, it } from 'vitest';
import { createProgressLine } from '../../../src/cli/progress-line.ts';

/** A stream as the progress line sees it: what stands on its line. */
function terminal({ isTTY = true, columns = 20 } = {}) {
  let line = '';
  let touched = false;
  const stream = {
    isTTY,
    columns,
    clearLine() {
      line = '';
    },
    cursorTo() {},
    write(text: string) {
      touched = true;
      line += text;
    },
  };
  return {
    progress: createProgressLine(stream as unknown as NodeJS.WriteStream),
    line: () => line,
    touched: () => touched,
  };
}

describe('contract §2: the progress line', () => {
  it('is written over, fits the terminal, and is gone in the end', () => {
    const { progress, line } = terminal();
    progress.show('acme GetInvoiceImage: sending');
    expect(line()).toBe('acme GetInvoiceImag');
    progress.show('queued');
    expect(line()).toBe('queued');
    progress.clear();
    expect(line()).toBe('');
  });

  it('is for terminals only', () => {
    const { progress, touched } = terminal({ isTTY: false });
    progress.show('queued');
    progress.clear();
    expect(touched()).toBe(false);
  });
});
