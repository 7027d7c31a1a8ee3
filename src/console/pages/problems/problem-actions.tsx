import { Button, Group } from '@mantine/core';
import { Link } from 'react-router';
import type { ProblemGroup } from '../../../contract/problem-group.ts';
import { problemOf } from '../../parts/problem-words.ts';
import { RetryAllFailed } from '../../parts/retry-all-failed.tsx';
import { TryNow } from '../../parts/try-now.tsx';
import { useSession } from '../../session.tsx';
import { Acknowledge } from './acknowledge.tsx';
import { failedOf, invocationsOf } from './members.ts';
import { mendingPlace } from './mending.ts';

/** What one can do about it, each only for those who may. */
export function ProblemActions({ problem }: { problem: ProblemGroup }) {
  const { permissions } = useSession();
  const mending = mendingPlace(problem);
  return (
    <Group gap="xs">
      <Button component={Link} to={invocationsOf(problem)} size="xs" variant="default">
        Look at the invocations
      </Button>
      {mending !== null && permissions.includes(mending.permission) && (
        <Button component={Link} to={mending.to} size="xs" variant="default">
          {mending.label}
        </Button>
      )}
      {problem.held && <TryNow integration={{ id: problem.integration, name: problem.integration }} />}
      {problem.failed > 0 && (
        <RetryAllFailed size="xs" filter={() => failedOf(problem, Date.now())} of={`of ${problemOf(problem)}`} />
      )}
      <Acknowledge problem={problem} />
    </Group>
  );
}
