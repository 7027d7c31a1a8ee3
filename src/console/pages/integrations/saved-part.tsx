import { Button, Group, Stack } from '@mantine/core';
import { type FormErrors, type UseFormReturnType, useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { Integration } from '../../../contract/integration.ts';
import { ErrorNotice } from '../../parts/error-notice.tsx';
import { placeErrors } from '../../parts/form-errors.ts';
import { useFreshValues } from '../../parts/fresh-values.ts';
import { refreshIntegrations } from '../../parts/integration-queries.ts';
import { LeaveGuard } from '../../parts/leave-guard.tsx';
import { told } from '../../parts/tell.ts';

export type SavedPart<Values> = {
  form: UseFormReturnType<Values>;
  save: (values: Values) => void;
  isSaving: boolean;
  undo: () => void;
  /** What the API refused that stands at no field; `null`: nothing. */
  rest: unknown;
};

export type SavedPartOptions<Values> = {
  integration: Integration;
  /** What it is called: `limits`. */
  what: string;
  valuesOf: (integration: Integration) => Values;
  validate?: (values: Values) => FormErrors;
  /** @param shown what the form began with, as far as is known here */
  save: (values: Values, shown: Values) => Promise<Integration>;
  /** The field that a path of the API's errors belongs to; `null`: none. */
  field: (path: string, values: Values) => string | null;
};

/** A part of an integration that has a form and is saved by itself. */
export function useSavedPart<Values extends Record<string, unknown>>({
  integration,
  what,
  valuesOf,
  validate,
  save,
  field,
}: SavedPartOptions<Values>): SavedPart<Values> {
  const now = valuesOf(integration);
  const form = useForm<Values>({ initialValues: now, ...(validate === undefined ? {} : { validate }) });
  const undo = useFreshValues(form, now);
  const [rest, setRest] = useState<unknown>(null);
  const saving = useMutation({
    mutationFn: (values: Values) => save(values, form.getInitialValues()),
    onSuccess: async (saved) => {
      form.setInitialValues(valuesOf(saved));
      form.setValues(valuesOf(saved));
      told(`The ${what} ${what.endsWith('s') ? 'are' : 'is'} saved`);
      await refreshIntegrations();
    },
    onError: (error, values) => {
      const placed = placeErrors(error, (path) => field(path, values));
      form.setErrors(placed.fields);
      setRest(placed.rest);
    },
  });
  return { form, save: saving.mutate, isSaving: saving.isPending, undo, rest: saving.isError ? rest : null };
}

/** Its form: the fields, what is wrong beside them, and the buttons. */
export function SavedPartForm<Values>({
  part: { form, save, isSaving, undo, rest },
  what,
  children,
}: {
  part: SavedPart<Values>;
  what: string;
  children: ReactNode;
}) {
  return (
    <form onSubmit={form.onSubmit((values) => save(values))} noValidate>
      <LeaveGuard dirty={form.isDirty()} what={`the ${what}`} />
      <Stack gap="md" maw={640}>
        {children}
        {rest !== null && <ErrorNotice error={rest} />}
        <Group gap="xs">
          <Button type="submit" loading={isSaving} disabled={!form.isDirty()}>
            {`Save ${what}`}
          </Button>
          {form.isDirty() && (
            <Button variant="default" onClick={undo}>
              Undo changes
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  );
}
