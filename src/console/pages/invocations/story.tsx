import { Text, Timeline } from '@mantine/core';
import { IconCheck, IconClock, IconFlag, IconInbox, IconPlayerPlay, IconX } from '@tabler/icons-react';
import type { Invocation } from '../../../contract/invocation.ts';
import { When } from '../../parts/when.tsx';
import { PhaseBar } from './phases.tsx';
import { type Moment, momentsOf } from './timeline.ts';

/** What happened to it, in order, with the time that everything took. */
export function Story({ invocation }: { invocation: Invocation }) {
  const moments = momentsOf(invocation);
  return (
    <Timeline
      bulletSize={22}
      lineWidth={2}
      active={moments.length}
      aria-label="What happened"
      role="list"
      styles={{ itemTitle: { lineHeight: 1.35 } }}
    >
      {moments.map((moment) => (
        <Timeline.Item key={moment.key} role="listitem" bullet={<Bullet moment={moment} />} title={moment.title}>
          {(moment.at !== null || moment.about !== null) && (
            <Text size="xs" c="dimmed" component="div">
              {moment.at !== null && <When at={moment.at} />}
              {moment.at !== null && moment.about !== null && ' · '}
              {moment.about}
            </Text>
          )}
          {moment.attempt !== null && <PhaseBar phases={moment.attempt.phases} />}
        </Timeline.Item>
      ))}
    </Timeline>
  );
}

function Bullet({ moment: { kind, attempt } }: { moment: Moment }) {
  const Icon = attempt !== null ? (attempt.outcome === 'succeeded' ? IconCheck : IconX) : icons[kind];
  return <Icon size={13} aria-hidden />;
}

const icons: Readonly<Record<Moment['kind'], typeof IconClock>> = {
  accepted: IconInbox,
  waited: IconClock,
  attempt: IconPlayerPlay,
  next: IconClock,
  ended: IconFlag,
};
