import { Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';
import { exactTime } from './times.ts';

export { exactTime };

const units: readonly [name: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** "3 minutes ago". */
export function relativeTime(at: string, now = Date.now()): string {
  const seconds = Math.round((Date.parse(at) - now) / 1000);
  const [unit, size] = units.find(([, least]) => Math.abs(seconds) >= least) ?? ['second', 1];
  return relative.format(Math.trunc(seconds / size), unit);
}

/** A time, relative, and exact for those who point at it, go to it with the keyboard or listen. */
export function When({ at }: { at: string }) {
  const [, look] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => look((count) => count + 1), 10_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <Tooltip label={exactTime(at)} events={{ hover: true, focus: true, touch: true }}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the exact time must be had by keyboard, too */}
      <time dateTime={at} tabIndex={0}>
        {relativeTime(at)}
      </time>
    </Tooltip>
  );
}
