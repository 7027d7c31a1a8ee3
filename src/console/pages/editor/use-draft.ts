import { useCallback, useMemo, useState } from 'react';
import type { Command, CommandBody } from '../../../contract/command.ts';
import { commandBody, type Draft, draftOf, emptyDraft, isSame } from './draft.ts';

/** What is saved, as far as this page knows. `version` is null where nothing is. */
export type Base = { draft: Draft; version: number | null; savedAt: string | null };

export type Drafting = {
  draft: Draft;
  body: CommandBody;
  base: Base;
  dirty: boolean;
  change: (part: Partial<Draft>) => void;
  /** Puts something else into the form; what is saved stays. */
  replace: (draft: Draft) => void;
  /** The form as it was last loaded or saved. */
  discard: () => void;
  /** Puts what is saved into the form. */
  load: (saved: Command) => void;
  /** What was in the form has become this version; what was written since stays. */
  saved: (saved: Command, draft: Draft) => void;
};

export function useDraft(initial: Command | null): Drafting {
  const [base, setBase] = useState<Base>(() => baseOf(initial));
  const [draft, setDraft] = useState(base.draft);
  const body = useMemo(() => commandBody(draft), [draft]);
  const change = useCallback((part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part })), []);
  return {
    draft,
    body,
    base,
    dirty: !isSame(draft, base.draft),
    change,
    replace: setDraft,
    discard: () => setDraft(base.draft),
    load: (saved) => {
      const next = baseOf(saved);
      setBase(next);
      setDraft(next.draft);
    },
    saved: (saved, sent) => setBase({ ...baseOf(saved), draft: sent }),
  };
}

function baseOf(command: Command | null): Base {
  if (command === null) return { draft: emptyDraft, version: null, savedAt: null };
  return { draft: draftOf(command), version: command.version, savedAt: command.updatedAt };
}
