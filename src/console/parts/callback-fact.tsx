import type { Callback } from '../../contract/callback.ts';
import type { Fact } from './facts.tsx';
import { many } from './measures.ts';
import { When } from './when.tsx';

/** Whom it is to be told, and whether they were. */
export function callbackFact(callback: Callback | undefined): Fact {
  if (callback === undefined) return { name: 'Callback', value: null };
  return { name: 'Callback', value: <Told callback={callback} /> };
}

function Told({ callback }: { callback: Callback }) {
  return (
    <>
      {callback.url}
      <br />
      <Fate callback={callback} />
    </>
  );
}

function Fate({ callback }: { callback: Callback }) {
  const { status, attempts, lastError, nextAttemptAt, endedAt } = callback;
  switch (status) {
    case 'waiting':
      return 'to be told when it has ended';
    case 'pending':
      if (lastError === null) return 'being told';
      return (
        <>
          not told yet, {many(attempts, 'attempt')} failed; the next{' '}
          {nextAttemptAt !== null && <When at={nextAttemptAt} />}
          <br />
          {lastError.message}
        </>
      );
    case 'delivered':
      return <>told {endedAt !== null && <When at={endedAt} />}</>;
    case 'failed':
      return (
        <>
          not told: {many(attempts, 'attempt')} failed
          <br />
          {lastError?.message}
        </>
      );
    case null:
      return 'whether it was told is not kept any more';
    default:
      return status satisfies never;
  }
}
