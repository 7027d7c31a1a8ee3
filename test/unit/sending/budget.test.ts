import { expect, it } from 'vitest';
import { ByteBudget } from '../../../src/sending/budget.ts';

const kib = 1024;
const turn = () => new Promise<void>((resolve) => queueMicrotask(resolve));

it('contract §6: lets small bodies through even when the budget is spent', () => {
  const budget = new ByteBudget(10 * kib);
  expect(budget.open(() => {}).take(60 * kib)).toBe(true);
  expect(budget.open(() => {}).take(60 * kib)).toBe(true);
  expect(budget.total).toBe(120 * kib);
});

it('contract §6: makes all but the oldest large body wait, and wakes the next when it ends', async () => {
  const budget = new ByteBudget(100 * kib);
  const woken: string[] = [];
  const [a, b, c] = ['a', 'b', 'c'].map((name) => budget.open(() => woken.push(name)));
  if (a === undefined || b === undefined || c === undefined) throw new Error('three shares');
  expect(a.take(90 * kib)).toBe(true);
  expect(b.take(70 * kib)).toBe(false);
  expect(c.take(70 * kib)).toBe(false);
  expect(a.take(1000 * kib)).toBe(true);
  a.release();
  expect(woken).toEqual([]);
  await turn();
  expect(woken).toEqual(['b']);
  expect(b.take(70 * kib)).toBe(true);
  b.release();
  await turn();
  expect(woken).toEqual(['b', 'c']);
  c.release();
  c.release();
  expect(budget.total).toBe(0);
});

it('contract §6: a body that ends while it waits is not woken', async () => {
  const budget = new ByteBudget(1);
  let woken = 0;
  const first = budget.open(() => {});
  const second = budget.open(() => {
    woken += 1;
  });
  first.take(100 * kib);
  expect(second.take(100 * kib)).toBe(false);
  second.release();
  first.release();
  await turn();
  expect(woken).toBe(0);
  expect(budget.total).toBe(0);
});

it('contract §6: small bodies that end wake large ones that wait for the total', async () => {
  const budget = new ByteBudget(150 * kib);
  let woken = 0;
  const small = budget.open(() => {});
  const oldest = budget.open(() => {});
  const waiting = budget.open(() => {
    woken += 1;
  });
  small.take(60 * kib);
  oldest.take(70 * kib);
  expect(waiting.take(70 * kib)).toBe(false);
  small.release();
  await turn();
  expect(woken).toBe(1);
});
