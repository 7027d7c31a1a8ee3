import { Text } from '@mantine/core';
import type { ProblemGroup } from '../../../contract/problem-group.ts';
import { actorWords } from '../../parts/actor-words.ts';
import { When } from '../../parts/when.tsx';

/** Who has seen to it, and what they say. */
export function Acknowledged({ acknowledged }: { acknowledged: NonNullable<ProblemGroup['acknowledged']> }) {
  const { at, by, note } = acknowledged;
  return (
    <Text size="sm" component="div" className="wrap-anywhere">
      Acknowledged by {actorWords(by)}, <When at={at} />
      {note !== null && note !== '' && `: ${note}`}
    </Text>
  );
}
