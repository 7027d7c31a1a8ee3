import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { type FilterName, type Filters, filterNames, filtersOf } from './filters.ts';

export type ChangeFilters = (changes: Partial<Record<FilterName, string>>, how?: { replace: boolean }) => void;

/** The filters, which live in the URL: whoever is sent it sees the same list. */
export function useFilters(): { filters: Filters; change: ChangeFilters; clear: () => void } {
  const [parameters, setParameters] = useSearchParams();
  const filters = useMemo(() => filtersOf(parameters), [parameters]);
  const change = useCallback<ChangeFilters>(
    (changes, how = { replace: false }) => setParameters(changed(changes), how),
    [setParameters],
  );
  const clear = () => change(Object.fromEntries(filterNames.map((name) => [name, ''])));
  return { filters, change, clear };
}

/** Of what stands in the URL now: what was rendered last may lack a change of a moment ago. */
function changed(changes: Partial<Record<FilterName, string>>): URLSearchParams {
  const after = new URLSearchParams(window.location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value.trim() === '') after.delete(name);
    else after.set(name, value.trim());
  }
  return after;
}
