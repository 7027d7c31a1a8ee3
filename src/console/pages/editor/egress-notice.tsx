import { Group, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconHelpCircle } from '@tabler/icons-react';
import type { CommandPreview } from '../../../contract/command-test.ts';
import { egressWords } from './egress-words.ts';

const looks = {
  true: { color: 'green', icon: IconCircleCheck },
  null: { color: 'yellow', icon: IconHelpCircle },
  false: { color: 'red', icon: IconAlertTriangle },
} as const;

export function EgressNotice({ egress }: { egress: CommandPreview['egress'] }) {
  const { color, icon: Icon } = looks[`${egress.allowed}`];
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start">
      <Icon size={18} aria-hidden color={`var(--mantine-color-${color}-filled)`} className="no-shrink" />
      <Text size="sm" className="wrap-anywhere">
        {egressWords(egress)}
      </Text>
    </Group>
  );
}
