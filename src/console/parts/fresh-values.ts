import type { UseFormReturnType } from '@mantine/form';
import { useEffect } from 'react';

/**
 * Shows what is there also where others change it, until somebody types: then the form keeps what they began with, so
 * that it is known which changes are theirs.
 *
 * @returns gives up what was typed, for what is there now
 */
export function useFreshValues<Values extends Record<string, unknown>>(
  form: UseFormReturnType<Values>,
  values: Values,
): () => void {
  const begin = () => {
    form.setInitialValues(values);
    form.setValues(values);
    form.clearErrors();
  };
  const there = JSON.stringify(values);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what is there, not that it was looked at again
  useEffect(() => {
    if (!form.isDirty()) begin();
  }, [there]);
  return begin;
}
