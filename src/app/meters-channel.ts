import type { ChildProcess } from 'node:child_process';

/** What `errand up` asks its lanes' processes, and what they answer, over the channel between them. */
type Question = { ask: 'meters'; id: number };
type Answer = { meters: string; id: number };

/** A process that does not answer is busy or about to end; the others' meters are not to wait for it. */
const patienceMs = 2_000;

const has = (message: unknown, name: string) =>
  typeof message === 'object' && message !== null && Object.hasOwn(message, name);

export const isMetersQuestion = (message: unknown): message is Question => has(message, 'ask');
const isMetersAnswer = (message: unknown): message is Answer => has(message, 'meters');

export const metersAnswer = ({ id }: Question, meters: string): Answer => ({ meters, id });

let asked = 0;

/** The meters of a process as text; `null` if it does not say in time. */
export function askForMeters(child: ChildProcess): Promise<string | null> {
  asked += 1;
  const question: Question = { ask: 'meters', id: asked };
  return new Promise((resolve) => {
    const end = (text: string | null) => {
      clearTimeout(timer);
      child.off('message', heard);
      child.off('exit', gone);
      resolve(text);
    };
    const heard = (message: unknown) => isMetersAnswer(message) && message.id === question.id && end(message.meters);
    const gone = () => end(null);
    const timer = setTimeout(gone, patienceMs);
    child.on('message', heard);
    child.once('exit', gone);
    if (child.connected) child.send(question, (error) => error !== null && gone());
    else gone();
  });
}
