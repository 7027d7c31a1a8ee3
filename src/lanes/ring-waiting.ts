import type { Holder } from './holder.ts';
import type { SharesOptions } from './shares.ts';

/** Rings for as many rows as there are free slots; what is released meanwhile is seen to afterwards. */
export async function ringWaiting(
  holder: Pick<Holder, 'integration' | 'waiting' | 'refusals' | 'ringing'>,
  free: () => number,
  { ringNext, onError }: Pick<SharesOptions, 'ringNext' | 'onError'>,
): Promise<void> {
  holder.ringing = true;
  try {
    // After the current turn, so that slots released together are rung for together.
    await null;
    let rang = 0;
    while (holder.waiting && free() > rang) {
      const wanted = free() - rang;
      const { refusals } = holder;
      const count = await ringNext(holder.integration, wanted);
      rang += count;
      // None left, unless another one was refused while we looked.
      if (count === 0 && holder.refusals === refusals) holder.waiting = false;
      if (count < wanted) break;
    }
  } catch (error) {
    onError(holder.integration, error);
  } finally {
    holder.ringing = false;
  }
}
