import { IconCircleCheck, IconCircleX, IconClock, IconPlayerPlay, IconRefresh, IconSlash } from '@tabler/icons-react';
import type { InvocationStatus } from '../../contract/invocation-status.ts';
import { statusWords } from '../words.ts';
import { type Mark, Marked } from './marked.tsx';

const marks: Readonly<Record<InvocationStatus, Mark>> = {
  queued: { icon: IconClock, tone: 'calm' },
  running: { icon: IconPlayerPlay, tone: 'calm' },
  retrying: { icon: IconRefresh, tone: 'doubtful' },
  succeeded: { icon: IconCircleCheck, tone: 'good' },
  failed: { icon: IconCircleX, tone: 'bad' },
  cancelled: { icon: IconSlash, tone: 'calm' },
};

/** How an invocation stands. */
export function StatusMark({ status, size = 'sm' }: { status: InvocationStatus; size?: 'sm' | 'md' }) {
  return (
    <Marked mark={marks[status]} size={size}>
      {statusWords[status]}
    </Marked>
  );
}
