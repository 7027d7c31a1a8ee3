import { Anchor, Stack, Text } from '@mantine/core';
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconPlayerPlay,
  IconPlayerSkipForward,
  IconSlash,
} from '@tabler/icons-react';
import { Link } from 'react-router';
import type { RunOutcome, Schedule } from '../../contract/schedule.ts';
import { useCan } from '../session.tsx';
import { type Mark, Marked } from './marked.tsx';
import { runOutcomeWords } from './run-outcome-words.ts';
import { When } from './when.tsx';

const marks: Readonly<Record<RunOutcome, Mark>> = {
  clean: { icon: IconCircleCheck, tone: 'good' },
  partial: { icon: IconAlertTriangle, tone: 'doubtful' },
  failed: { icon: IconCircleX, tone: 'bad' },
  running: { icon: IconPlayerPlay, tone: 'calm' },
  skipped: { icon: IconPlayerSkipForward, tone: 'doubtful' },
  cancelled: { icon: IconSlash, tone: 'calm' },
};

/** How a schedule's last run went, and when it was. */
export function LastRun({ run }: { run: Schedule['lastRun'] }) {
  // Batches are invocations, which not everybody may read.
  const mayLook = useCan('invocations.read');
  if (run === null) return <Text size="sm">Never</Text>;
  const words = runOutcomeWords[run.outcome];
  return (
    <Stack gap={0}>
      <Marked mark={marks[run.outcome]}>
        {run.batch === null || !mayLook ? (
          words
        ) : (
          <Anchor component={Link} to={`/batches/${run.batch}`} inherit underline="always">
            {words}
          </Anchor>
        )}
        , <When at={run.at} />
      </Marked>
      {run.reason !== null && (
        <Text size="xs" c="dimmed" className="wrap-anywhere" maw={360}>
          {run.reason}
        </Text>
      )}
    </Stack>
  );
}
