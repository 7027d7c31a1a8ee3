import { useState } from 'react';

/**
 * What a dialog is about, as it was when it opened: it stays so while the dialog closes, and while others change it.
 */
export function useShownLast<Thing>(thing: Thing, opened: boolean): Thing {
  const [shown, setShown] = useState({ thing, opened });
  if (shown.opened === opened) return shown.thing;
  const next = { thing: opened ? thing : shown.thing, opened };
  setShown(next);
  return next.thing;
}
