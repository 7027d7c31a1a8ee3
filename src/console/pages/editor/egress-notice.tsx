import { Group, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconHelpCircle } from '@tabler/icons-react';
import type { CommandPreview } from '../../../contract/command-test.ts';
import { mendWords } from '../../words.ts';

/** May Errand send there? */
export function EgressNotice({ egress: { allowed, reason } }: { egress: CommandPreview['egress'] }) {
  const because = reason === null ? '' : ` ${reason}`;
  if (allowed === true) {
    return <Said icon={IconCircleCheck} color="green" words="Errand may send to this address." />;
  }
  if (allowed === null) {
    return <Said icon={IconHelpCircle} color="yellow" words={`Whether Errand may send there cannot be told now.${because}`} />;
  }
  const words = because === '' ? mendWords({ code: 'egress-blocked' }) : because;
  return (
    <Said icon={IconAlertTriangle} color="red" words={`This would not be sent. ${words}`} />
  );
}

type SaidProps = { icon: typeof IconCircleCheck; color: string; words: string };

function Said({ icon: Icon, color, words }: SaidProps) {
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start">
      <Icon size={18} aria-hidden color={`var(--mantine-color-${color}-filled)`} style={{ flexShrink: 0 }} />
      <Text size="sm">{words}</Text>
    </Group>
  );
}
