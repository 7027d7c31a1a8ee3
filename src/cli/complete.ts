import tab from '@bomb.sh/tab/commander';
import { createProgram } from './program.ts';
import type { Verbs } from './verbs.ts';

/** `errand complete`: the shell's script, or what may follow the words so far. Nothing is asked of the API. */
export async function runComplete(verbs: Verbs, args: readonly string[]): Promise<void> {
  const program = createProgram(verbs, { withComplete: false });
  tab(program);
  await program.parseAsync(['complete', ...args], { from: 'user' });
}
