import type { RangeName } from './range.ts';

const clock = new Intl.DateTimeFormat('en-US', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const dayAndClock = new Intl.DateTimeFormat('en-US', {
  weekday: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

/** When a bar begins, in the reader's own time zone. */
export const barTime = (at: number, range: RangeName) => (range === '7d' ? dayAndClock : clock).format(at);
