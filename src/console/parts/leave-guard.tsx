import { Button, Group, Modal, Text } from '@mantine/core';
import { type RefObject, useEffect } from 'react';
import { useBlocker } from 'react-router';

type GuardProps = {
  dirty: boolean;
  /** Names it: "this command". */
  what: string;
  /** Does it keep what was changed when another tab of its page is chosen? */
  keptByTabs?: boolean;
  /** Set where that was asked already. */
  leaving?: RefObject<boolean>;
};

type Place = { pathname: string; search: string };
const tabOf = ({ search }: Place) => new URLSearchParams(search).get('tab');

/** Another page, or another tab of this one: what is chosen besides in the address takes nothing away. */
export function goesElsewhere(from: Place, to: Place, keptByTabs = false): boolean {
  return from.pathname !== to.pathname || (!keptByTabs && tabOf(from) !== tabOf(to));
}

/** Asks whoever leaves with unsaved changes. */
export function LeaveGuard({ dirty, what, keptByTabs = false, leaving }: GuardProps) {
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) =>
      dirty && leaving?.current !== true && goesElsewhere(currentLocation, nextLocation, keptByTabs),
  );
  useEffect(() => {
    if (!dirty) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [dirty]);
  return (
    <Modal
      opened={blocker.state === 'blocked'}
      onClose={() => blocker.reset?.()}
      title="Leave without saving?"
      centered
    >
      <Text size="sm">What you have changed in {what} is not saved, and would be lost.</Text>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={() => blocker.reset?.()} data-autofocus>
          Stay here
        </Button>
        <Button color="red" onClick={() => blocker.proceed?.()}>
          Leave without saving
        </Button>
      </Group>
    </Modal>
  );
}
