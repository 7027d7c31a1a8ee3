import type { RunSummary } from '../../../contract/run.ts';
import { countWords } from '../../parts/measures.ts';

/** "finished, 742 failed". */
export function runWords({ finishedAt, total, failed, cancelled, byIntegration }: RunSummary): string {
  const bad = failed === 0 ? '' : `, ${countWords(failed)} failed`;
  if (finishedAt !== null) return cancelled === total ? 'cancelled' : `finished${bad}`;
  const held = byIntegration.filter(({ hold }) => hold !== null).length;
  const waits = held === 0 ? '' : `, ${held} of ${byIntegration.length} integrations wait`;
  return `running${bad}${waits}`;
}

export type RunTone = 'good' | 'doubtful' | 'bad' | 'calm';

export function runTone({ finishedAt, failed, succeeded, absent, cancelled, byIntegration }: RunSummary): RunTone {
  if (failed > 0) return succeeded + absent === 0 ? 'bad' : 'doubtful';
  if (finishedAt !== null) return cancelled > 0 ? 'calm' : 'good';
  return byIntegration.some(({ hold }) => hold !== null) ? 'doubtful' : 'calm';
}
