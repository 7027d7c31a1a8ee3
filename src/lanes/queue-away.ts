/** The queue did not answer, or not in time. What was asked may have happened or not; asking again is safe. */
export class QueueAway extends Error {
  constructor(what: string, cause?: unknown) {
    super(`The queue is away: ${what}`, { cause });
    this.name = 'QueueAway';
  }
}

/**
 * Gives `work` so many milliseconds.
 *
 * @throws QueueAway if it takes longer, or with `work`'s own error as its cause
 */
export async function within<Answer>(timeoutMs: number, what: string, work: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new QueueAway(`${what} took longer than ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } catch (error) {
    if (error instanceof QueueAway) throw error;
    throw new QueueAway(`${what} failed`, error);
  } finally {
    clearTimeout(timer);
  }
}
