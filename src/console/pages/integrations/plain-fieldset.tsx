import { Fieldset } from '@mantine/core';
import type { ReactNode } from 'react';

/** A group's name looks as a field's does. */
const boldLegend = { legend: { fontWeight: 'var(--mantine-font-weight-medium)', padding: 0 } };

/** Fields that belong together, without a frame. */
export function PlainFieldset({ legend, children }: { legend: string; children: ReactNode }) {
  return (
    <Fieldset legend={legend} variant="unstyled" p={0} m={0} styles={boldLegend}>
      {children}
    </Fieldset>
  );
}
