import { Fieldset, SimpleGrid, Stack, Switch, Text } from '@mantine/core';
import type { Lane } from '../../../contract/lane.ts';
import { laneWords } from '../../words.ts';
import { useEditor } from './editor-context.ts';
import { PaceFields } from './pace-fields.tsx';
import { type Pace, setApart } from './paces.ts';
import { Timeline } from './timeline.tsx';

/** How long a command may take, how often it is tried, and when that would be. */
export function RetryForm() {
  const { draft, change, checking, readOnly } = useEditor();
  const { paces } = draft;
  const set = (lane: Lane, part: Partial<Pace>) => change({ paces: { ...paces, [lane]: { ...paces[lane], ...part } } });
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        Tried again is what may pass: no connection, too slow, 408, 425, 429, 500, 502, 503 and 504. What is left empty
        is as each lane does it by itself.
      </Text>
      <Switch
        label="Different values for each lane"
        checked={paces.apart}
        disabled={readOnly}
        onChange={({ currentTarget }) => change({ paces: setApart(paces, currentTarget.checked) })}
      />
      {paces.apart ? (
        <SimpleGrid cols={{ base: 1, md: 2 }}>
          {(['interactive', 'batch'] as const).map((lane) => (
            <Fieldset key={lane} legend={laneWords[lane]} className="editor-boxed">
              <PaceFields lane={lane} pace={paces[lane]} set={(values) => set(lane, values)} />
            </Fieldset>
          ))}
        </SimpleGrid>
      ) : (
        <Fieldset legend="Both lanes" className="editor-boxed">
          <PaceFields lane={null} pace={paces.interactive} set={(values) => set('interactive', values)} />
        </Fieldset>
      )}
      {checking.plan !== null && (
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
          <Timeline lane="interactive" plan={checking.plan.interactive} />
          <Timeline lane="batch" plan={checking.plan.batch} />
        </SimpleGrid>
      )}
    </Stack>
  );
}
