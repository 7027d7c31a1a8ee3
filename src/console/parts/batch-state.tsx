import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconClock,
  IconPlayerPlay,
  IconSlash,
} from '@tabler/icons-react';
import type { Batch } from '../../contract/batch.ts';
import { batchWords } from '../words.ts';
import { type Mark, Marked } from './marked.tsx';

type State = Pick<Batch, 'status' | 'outcome' | 'failed'>;

function markOf({ status, outcome }: State): Mark {
  if (status === 'cancelled') return { icon: IconSlash, tone: 'calm' };
  if (status === 'running') return { icon: IconPlayerPlay, tone: 'calm' };
  if (outcome === null) return { icon: IconClock, tone: 'calm' };
  if (outcome === 'clean') return { icon: IconCircleCheck, tone: 'good' };
  return outcome === 'failed' ? { icon: IconCircleX, tone: 'bad' } : { icon: IconAlertTriangle, tone: 'doubtful' };
}

/** "finished, 742 failed", with an icon. */
export function BatchState({ batch }: { batch: State }) {
  return <Marked mark={markOf(batch)}>{batchWords(batch)}</Marked>;
}
