import { Stack } from '@mantine/core';
import type { Integration } from '../../../contract/integration.ts';
import { Secrets } from './secrets.tsx';
import { Variables } from './variables.tsx';

/** Named values for use as tokens: those that can be read, and those that cannot. */
export function ValuesTab({ integration }: { integration: Integration }) {
  return (
    <Stack gap="xl">
      <Secrets integration={integration} />
      <Variables integration={integration} />
    </Stack>
  );
}
