import { Anchor, Card, Group, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconEye } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { ProblemGroup } from '../../../contract/problem-group.ts';
import { problemCounts } from '../../parts/problem-words.ts';
import { tones } from '../../parts/tones.ts';
import { When } from '../../parts/when.tsx';
import { codeTitle, sideWords } from '../../words.ts';
import { Acknowledged } from './acknowledged.tsx';
import { mendingWords } from './mending.ts';
import { ProblemActions } from './problem-actions.tsx';

/** One thing that is wrong: whose move it is, how much of it, since when, and what to do. */
export function Problem({ problem }: { problem: ProblemGroup }) {
  const { integration, command, code, side, acknowledged } = problem;
  const seen = acknowledged !== null;
  return (
    <Card
      withBorder
      component="article"
      aria-label={`${integration} ${command}: ${codeTitle(code)}`}
      p="md"
      className={seen ? 'seen' : ''}
    >
      <Stack gap="xs">
        <Group justify="space-between" align="flex-start" gap="xs">
          <Group gap="xs" wrap="nowrap" align="flex-start">
            <Mark seen={seen} />
            <Title order={2} size="h5" className="wrap-anywhere">
              {codeTitle(code)}: {integration} {command}
            </Title>
          </Group>
          <Text size="sm" fw={600}>
            {problemCounts(problem)}
          </Text>
        </Group>
        <Text size="sm" className="wrap-anywhere">
          {problem.message}
        </Text>
        <Text size="sm">
          <b>What mends it:</b> {mendingWords(problem)}
        </Text>
        <Facts problem={problem} side={sideWords[side]} />
        {acknowledged !== null && <Acknowledged acknowledged={acknowledged} />}
        <ProblemActions problem={problem} />
      </Stack>
    </Card>
  );
}

function Mark({ seen }: { seen: boolean }) {
  return seen ? (
    <IconEye size={18} color={tones.calm} aria-hidden className="no-shrink" />
  ) : (
    <IconAlertTriangle size={18} color={tones.bad} aria-hidden className="no-shrink" />
  );
}

function Facts({ problem, side }: { problem: ProblemGroup; side: string }) {
  return (
    <Text size="sm" c="dimmed" component="div">
      Comes from {side} · since <When at={problem.since} /> · last <When at={problem.lastAt} /> ·{' '}
      <Anchor component={Link} to={`/invocations/${problem.sample}`} inherit underline="always">
        Sample
      </Anchor>
      {problem.held && ' · Paused by Errand, which tries by itself'}
    </Text>
  );
}
