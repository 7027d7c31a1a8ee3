import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';

/** Each letter is not a request. */
const pauseMs = 400;

/**
 * Text that is kept elsewhere, in the address mostly, a moment after the last key or at once with `take`. What changes
 * there, by the way back mostly, takes the field along. Whoever clears gives it another `key`: that also forgets what
 * was typed a moment ago.
 */
export function useTyped(kept: string, keep: (text: string) => void) {
  const [text, setText] = useState(kept);
  const own = useRef(kept);
  const keepSoon = useDebouncedCallback((typed: string) => {
    own.current = typed.trim();
    keep(typed.trim());
  }, pauseMs);
  // What comes back of one's own typing must not undo what was typed since.
  useEffect(() => {
    if (kept === own.current) return;
    own.current = kept;
    keepSoon.cancel();
    setText(kept);
  }, [kept, keepSoon]);
  const type = (typed: string) => {
    setText(typed);
    keepSoon(typed);
  };
  return { text, type, take: () => keepSoon.flush() };
}
