import { Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import { exactTime } from './when.tsx';

/** A time in words of one's own; exact for those who point at it, go to it with the keyboard or listen. */
export function ExactTime({ at, children }: { at: string; children: ReactNode }) {
  return (
    <Tooltip label={exactTime(at)} events={{ hover: true, focus: true, touch: true }}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the exact time must be had by keyboard, too */}
      <time dateTime={at} tabIndex={0}>
        {children}
      </time>
    </Tooltip>
  );
}
