import { Waiters } from './waiters.ts';

export type Slot = { release(): void };

/** Who waits for a slot; told `null` if there is none for it. */
export type Waiter = { party: string; settle: (slot: Slot | null) => void };

/** What an integration has of a process's slots, and who wants more of them. */
export type Holder = {
  integration: string;
  held: number;
  hanging: number;
  /** Asked for by `takeNow`, and not known yet. */
  pending: number;
  waiters: Waiters<Waiter>;
  waiting: boolean;
  refusals: number;
  ringing: boolean;
};

export const newHolder = (integration: string): Holder => ({
  integration,
  held: 0,
  hanging: 0,
  pending: 0,
  waiters: new Waiters(),
  waiting: false,
  refusals: 0,
  ringing: false,
});

export const isIdle = (holder: Holder) =>
  holder.held === 0 && holder.pending === 0 && holder.waiters.size === 0 && !holder.waiting && !holder.ringing;
