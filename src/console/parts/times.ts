const exact = new Intl.DateTimeFormat('en-US', { dateStyle: 'medium', timeStyle: 'long' });

/** In the reader's own time zone, which it names. */
export const exactTime = (at: string) => exact.format(new Date(at));
