import type { Locator } from 'playwright-core';

/** How many pixels of a canvas are not white. */
export const ink = (canvas: Locator): Promise<number> =>
  canvas.evaluate((element) => {
    // biome-ignore lint/suspicious/noExplicitAny: a canvas, which tests for Node know nothing of
    const drawn = element as any;
    const { data } = drawn.getContext('2d').getImageData(0, 0, drawn.width, drawn.height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4) if (data[at] < 200) count += 1;
    return count;
  });
