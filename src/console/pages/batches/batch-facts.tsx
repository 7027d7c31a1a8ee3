import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import type { Batch } from '../../../contract/batch.ts';
import { callbackFact } from '../../parts/callback-fact.tsx';
import { Facts } from '../../parts/facts.tsx';
import { commandPath, integrationPath, runPath } from '../../parts/paths.ts';
import { When } from '../../parts/when.tsx';
import { useCan } from '../../session.tsx';

/** What the batch is of, when it was what, and where to read on. */
export function BatchFacts({ batch }: { batch: Batch }) {
  const { id, integration, command, run, schedule } = batch;
  const mayLook = useCan('integrations.read');
  return (
    <Facts
      facts={[
        {
          name: 'Integration',
          value: mayLook ? <To to={integrationPath(integration)}>{integration}</To> : integration,
        },
        {
          name: 'Command',
          value: mayLook ? <To to={commandPath(integration, command)}>{command}</To> : command,
        },
        { name: 'Run', value: run === null ? null : <To to={runPath(run)}>{run}</To> },
        {
          name: 'Schedule',
          value: schedule === null ? null : <To to={`${integrationPath(integration)}?tab=schedules`}>{schedule}</To>,
        },
        { name: 'Account', value: batch.account },
        { name: 'Handed over', value: <When at={batch.createdAt} /> },
        { name: 'Started', value: batch.startedAt === null ? 'not yet' : <When at={batch.startedAt} /> },
        { name: 'Ended', value: batch.finishedAt === null ? 'not yet' : <When at={batch.finishedAt} /> },
        { name: 'To be finished by', value: batch.finishBy === null ? null : <When at={batch.finishBy} /> },
        callbackFact(batch.callback),
        { name: 'Invocations', value: <To to={`/invocations?batch=${id}`}>Look at them</To> },
        { name: 'Id', value: id },
      ]}
    />
  );
}

function To({ to, children }: { to: string; children: string }) {
  return (
    <Anchor component={Link} to={to} inherit>
      {children}
    </Anchor>
  );
}
