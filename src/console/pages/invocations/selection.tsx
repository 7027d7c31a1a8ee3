import { Checkbox } from '@mantine/core';
import { createContext, type ReactNode, useContext, useMemo, useState } from 'react';
import type { Invocation } from '../../../contract/invocation.ts';
import { short, tokensLine } from '../../parts/tokens-line.ts';

export type Selection = {
  ids: ReadonlySet<string>;
  set: (ids: readonly string[], selected: boolean) => void;
  clear: () => void;
};

const SelectionContext = createContext<Selection | null>(null);

/** Which rows are selected, as long as the list is of the same things: `of` changes with its filters. */
export function useSelection(of: string): Selection {
  const [kept, setKept] = useState<{ of: string; ids: ReadonlySet<string> }>({ of, ids: new Set() });
  return useMemo(() => {
    const ids = kept.of === of ? kept.ids : new Set<string>();
    return {
      ids,
      set: (changed, selected) => {
        const after = new Set(ids);
        for (const id of changed) selected ? after.add(id) : after.delete(id);
        setKept({ of, ids: after });
      },
      clear: () => setKept({ of, ids: new Set() }),
    };
  }, [kept, of]);
}

/** `null`: nothing can be selected here. */
export function SelectionProvider({ value, children }: { value: Selection | null; children: ReactNode }) {
  return <SelectionContext value={value}>{children}</SelectionContext>;
}

export function SelectOne({ invocation }: { invocation: Invocation }) {
  const selection = useContext(SelectionContext);
  if (selection === null) return null;
  return (
    <Checkbox
      size="xs"
      aria-label={`Select ${short(tokensLine(invocation))}`}
      checked={selection.ids.has(invocation.id)}
      onChange={({ currentTarget }) => selection.set([invocation.id], currentTarget.checked)}
    />
  );
}

export function SelectAll({ ids, label }: { ids: readonly string[]; label?: string }) {
  const selection = useContext(SelectionContext);
  if (selection === null) return null;
  const count = ids.filter((id) => selection.ids.has(id)).length;
  return (
    <Checkbox
      size="xs"
      {...(label === undefined ? { 'aria-label': 'Select all that are shown' } : { label })}
      checked={count > 0 && count === ids.length}
      indeterminate={count > 0 && count < ids.length}
      onChange={({ currentTarget }) => selection.set(ids, currentTarget.checked)}
    />
  );
}
