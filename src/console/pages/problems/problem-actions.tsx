import { Button, Group } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { ProblemGroup } from '../../../contract/problem-group.ts';
import { client } from '../../client.ts';
import { askFirst } from '../../parts/ask-first.tsx';
import { problemOf } from '../../parts/problem-words.ts';
import { RetryAllFailed } from '../../parts/retry-all-failed.tsx';
import { useCan, useSession } from '../../session.tsx';
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
      {problem.held && <Resume integration={problem.integration} />}
      {problem.failed > 0 && (
        <RetryAllFailed size="xs" filter={() => failedOf(problem)} of={`of ${problemOf(problem)}`} />
      )}
      <Acknowledge problem={problem} />
    </Group>
  );
}

function Resume({ integration }: { integration: string }) {
  const queries = useQueryClient();
  if (!useCan('integrations.pause')) return null;
  const ask = () =>
    askFirst({
      title: `Resume ${integration}`,
      happens:
        'One invocation is let through at once to try. If it succeeds, all that waits goes on; if it fails, Errand goes on holding the integration.',
      yes: 'Resume',
      act: async () => {
        await client.resumeIntegration(integration);
        notifications.show({ message: `${integration} is being tried.` });
        await queries.invalidateQueries();
      },
    });
  return (
    <Button size="xs" variant="default" onClick={ask}>
      Resume
    </Button>
  );
}
