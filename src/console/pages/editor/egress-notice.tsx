import { Group, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconHelpCircle } from '@tabler/icons-react';
import type { CommandPreview } from '../../../contract/command-test.ts';
import { mendWords } from '../../words.ts';

/** May Errand send there? */
export function EgressNotice({ egress: { allowed, reason } }: { egress: CommandPreview['egress'] }) {
  const because = reason === null ? '' : ` ${sentence(reason)}`;
  if (allowed === true) {
    return <Said icon={IconCircleCheck} color="green" words={`Errand may send there.${because}`} />;
  }
  if (allowed === null) {
    const words = `Whether Errand may send there cannot be told now.${because}`;
    return <Said icon={IconHelpCircle} color="yellow" words={words} />;
  }
  // Other refusals say themselves what would be right.
  const mend =
    reason === null || reason.includes('reserved address') ? ` ${mendWords({ code: 'egress-blocked' })}` : '';
  return <Said icon={IconAlertTriangle} color="red" words={`This would not be sent.${because}${mend}`} />;
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;

type SaidProps = { icon: typeof IconCircleCheck; color: string; words: string };

function Said({ icon: Icon, color, words }: SaidProps) {
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start">
      <Icon size={18} aria-hidden color={`var(--mantine-color-${color}-filled)`} style={{ flexShrink: 0 }} />
      <Text size="sm" className="wrap-anywhere">
        {words}
      </Text>
    </Group>
  );
}
