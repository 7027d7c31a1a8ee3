import { expect, it } from 'vitest';
import { CancelledByPerson, createCancellations, Interrupted } from '../../../src/invocations/cancellations.ts';

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason));
  });

it('contract §3: aborts the attempt that is meant, and no other', async () => {
  const cancellations = createCancellations();
  const meant = cancellations.during({ id: 'a', attempt: 2 }, untilAborted);
  const other = Promise.withResolvers<string>();
  const goesOn = cancellations.during({ id: 'a', attempt: 3 }, async (signal) => {
    const answer = await other.promise;
    expect(signal.aborted).toBe(false);
    return answer;
  });
  cancellations.cancel('a 2');
  await expect(meant).rejects.toBeInstanceOf(CancelledByPerson);
  other.resolve('done');
  expect(await goesOn).toBe('done');
});

it('contract §3: aborts at once what was cancelled before this worker knew that it has it', async () => {
  const cancellations = createCancellations();
  cancellations.cancel('a 1');
  await expect(cancellations.during({ id: 'a', attempt: 1 }, untilAborted)).rejects.toBeInstanceOf(CancelledByPerson);
  expect(await cancellations.during({ id: 'a', attempt: 2 }, async ({ aborted }) => aborted)).toBe(false);
});

it('contract §3: remembers only so many cancellations that were none of its own', async () => {
  const cancellations = createCancellations();
  for (let index = 0; index <= 1_000; index += 1) cancellations.cancel(`${index} 1`);
  expect(await cancellations.during({ id: '0', attempt: 1 }, async ({ aborted }) => aborted)).toBe(false);
  expect(await cancellations.during({ id: '1', attempt: 1 }, async ({ aborted }) => aborted)).toBe(true);
});

it('contract §2: aborts all that run, and what begins later, when the worker stops', async () => {
  const cancellations = createCancellations();
  const running = [1, 2].map((attempt) => cancellations.during({ id: 'a', attempt }, untilAborted));
  const outcomes = Promise.allSettled(running);
  cancellations.interrupt();
  const later = cancellations.during({ id: 'b', attempt: 1 }, untilAborted);
  await expect(later).rejects.toBeInstanceOf(Interrupted);
  for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: expect.any(Interrupted) });
});
