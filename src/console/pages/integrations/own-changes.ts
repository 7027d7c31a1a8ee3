import type { Limits } from '../../../contract/integration.ts';

type Variables = Readonly<Record<string, string>>;

/** What somebody changed of what they were shown: what others have added or changed meanwhile stays. */
export function variablesPatch(shown: Variables, typed: Variables): Record<string, string | null> {
  const removed = Object.keys(shown).filter((name) => !Object.hasOwn(typed, name));
  const changed = Object.entries(typed).filter(([name, value]) => shown[name] !== value);
  return Object.fromEntries([...removed.map((name) => [name, null] as const), ...changed]);
}

/** Limits are replaced as a whole, so what somebody did not change comes from what is there now. */
export function limitsToSave({ shown, typed, now }: Record<'shown' | 'typed' | 'now', Limits>): Limits {
  const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
  const { concurrency } = isSame(shown.concurrency, typed.concurrency) ? now : typed;
  const { rates } = isSame(shown.rates ?? [], typed.rates ?? []) ? now : typed;
  return { ...(concurrency === undefined ? {} : { concurrency }), ...(rates === undefined ? {} : { rates }) };
}
