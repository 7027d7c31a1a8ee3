import './problems.css';
import { Group, Stack, Switch, Text } from '@mantine/core';
import type { ProblemGroup } from '../../../contract/problem-group.ts';
import { Empty } from '../../parts/empty.tsx';
import { IntegrationFilter } from '../../parts/filter-field.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { many } from '../../parts/measures.ts';
import { Page } from '../../parts/page.tsx';
import { useProblems } from '../../parts/problem-queries.ts';
import { inOrder } from '../../parts/problem-words.ts';
import { useUrlState } from '../../parts/url-state.ts';
import { Problem } from './problem.tsx';

const refreshMs = 5_000;

export default function Problems() {
  const [integration] = useUrlState('integration');
  const [hidden, setHidden] = useUrlState('acknowledged');
  const query = useProblems(integration === '' ? {} : { integration }, refreshMs);
  return (
    <Page title="Problems" about="What is wrong now with what was asked for in the last seven days.">
      <Group component="search" gap="md" align="flex-end">
        <IntegrationFilter />
        <Switch
          label="Hide acknowledged"
          checked={hidden === 'hidden'}
          onChange={({ currentTarget }) => setHidden(currentTarget.checked ? 'hidden' : '')}
          pb={8}
        />
      </Group>
      <Loaded query={query}>{({ items }) => <List problems={items} hide={hidden === 'hidden'} />}</Loaded>
    </Page>
  );
}

function List({ problems, hide }: { problems: ProblemGroup[]; hide: boolean }) {
  const shown = inOrder(problems).filter(({ acknowledged }) => !hide || acknowledged === null);
  const hidden = problems.length - shown.length;
  if (shown.length === 0) {
    return (
      <Empty title={hidden === 0 ? 'Nothing is wrong' : 'Nothing new is wrong'}>
        {hidden === 0
          ? 'Nothing has failed that was not mended.'
          : `${many(hidden, 'problem')} acknowledged, and hidden.`}
      </Empty>
    );
  }
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed" role="status">
        {many(shown.length, 'problem')}
        {hidden > 0 && `; ${many(hidden, 'acknowledged one')} hidden`}
      </Text>
      {shown.map((problem) => (
        <Problem key={`${problem.integration} ${problem.command} ${problem.code} ${problem.side}`} problem={problem} />
      ))}
    </Stack>
  );
}
