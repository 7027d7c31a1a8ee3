import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconPlayerPlay, IconSlash } from '@tabler/icons-react';
import type { RunSummary } from '../../../contract/run.ts';
import { Marked } from '../../parts/marked.tsx';
import { type RunTone, runTone, runWords } from './run-words.ts';

const icons: Readonly<Record<RunTone, typeof IconSlash>> = {
  good: IconCircleCheck,
  doubtful: IconAlertTriangle,
  bad: IconCircleX,
  calm: IconSlash,
};

/** How a night went, or goes. */
export function RunState({ run }: { run: RunSummary }) {
  const tone = runTone(run);
  const icon = tone === 'calm' && run.finishedAt === null ? IconPlayerPlay : icons[tone];
  return <Marked mark={{ icon, tone }}>{runWords(run)}</Marked>;
}
