import { Anchor, Card, Group, List, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { ProblemGroup } from '../../../contract/problem-group.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { many } from '../../parts/measures.ts';
import { useProblems } from '../../parts/problem-queries.ts';
import { inOrder, problemCounts, problemOf } from '../../parts/problem-words.ts';
import { tones } from '../../parts/tones.ts';
import { codeTitle } from '../../words.ts';
import { refreshMs } from './refresh.ts';

const shown = 4;

/** How much is wrong that nobody has seen to, and what it is. */
export function OpenProblems() {
  const query = useProblems({}, refreshMs);
  return (
    <Card withBorder component="section" aria-labelledby="open-problems">
      <Title order={2} size="h4" id="open-problems" mb="xs">
        Problems
      </Title>
      <Loaded query={query}>{({ items }) => <Open problems={items} />}</Loaded>
    </Card>
  );
}

function Open({ problems }: { problems: ProblemGroup[] }) {
  const open = inOrder(problems).filter(({ acknowledged }) => acknowledged === null);
  const acknowledged = problems.length - open.length;
  return (
    <>
      <Group gap={6} wrap="nowrap">
        {open.length === 0 ? (
          <IconCircleCheck size={18} color={tones.good} aria-hidden className="no-shrink" />
        ) : (
          <IconAlertTriangle size={18} color={tones.bad} aria-hidden className="no-shrink" />
        )}
        <Text fw={600}>
          {open.length === 0 ? (
            'Nothing is wrong that nobody has seen.'
          ) : (
            <Anchor component={Link} to="/problems" inherit>
              {many(open.length, 'open problem')}
            </Anchor>
          )}
        </Text>
      </Group>
      <List size="sm" mt="xs" spacing={4}>
        {open.slice(0, shown).map((problem) => (
          <List.Item key={`${problemOf(problem)} ${problem.code} ${problem.side}`}>
            {codeTitle(problem.code)}: {problemOf(problem)}, {problemCounts(problem)}
          </List.Item>
        ))}
      </List>
      {(open.length > shown || acknowledged > 0) && (
        <Text size="sm" c="dimmed" mt={4}>
          {[
            ...(open.length > shown ? [`${open.length - shown} more`] : []),
            ...(acknowledged > 0 ? [`${acknowledged} acknowledged`] : []),
          ].join(', ')}
        </Text>
      )}
    </>
  );
}
