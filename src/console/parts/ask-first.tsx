import { Button, Group, Stack, Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ErrorNotice } from './error-notice.tsx';

type Question = {
  /** Names the thing: "Delete Acme invoices". */
  title: string;
  /** What will happen. */
  happens: ReactNode;
  /** The button that does it. */
  yes: string;
  /** The button that does not; default "Cancel". */
  no?: string;
  danger?: boolean;
  act: () => Promise<unknown>;
};

let asked = 0;

/** Asks once before `act`; if that fails, it says so in the same place, and can be tried again. */
export function askFirst(question: Question): void {
  asked += 1;
  const modalId = `question-${asked}`;
  const asker = document.activeElement;
  modals.open({
    modalId,
    title: question.title,
    children: (
      <Asking
        {...question}
        close={() => modals.close(modalId)}
        lock={(isLocked) => modals.updateModal({ modalId, ...waysOut(!isLocked) })}
      />
    ),
    onClose: () => keepFocus(asker),
  });
}

/** While it acts, nobody leaves: that it failed would be told to nobody. */
const waysOut = (open: boolean) => ({ closeOnEscape: open, closeOnClickOutside: open, withCloseButton: open });

/** Where the button that asked is gone with what it was about, the page's heading has the focus, not nothing. */
function keepFocus(asker: Element | null): void {
  setTimeout(() => {
    const lost = document.activeElement === null || document.activeElement === document.body;
    if (lost && asker?.isConnected !== true) document.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
  }, dialogGoneMs);
}
/** Longer than a dialog takes to be gone, and to give the focus back. */
const dialogGoneMs = 400;

type AskingProps = Question & { close: () => void; lock: (isLocked: boolean) => void };

function Asking({ happens, yes, no = 'Cancel', danger = false, act, close, lock }: AskingProps) {
  const acting = useMutation({
    mutationFn: act,
    onMutate: () => lock(true),
    onSuccess: close,
    onError: () => lock(false),
  });
  return (
    <Stack gap="md">
      <Text component="div" size="sm">
        {happens}
      </Text>
      {acting.isError && <ErrorNotice error={acting.error} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={close} disabled={acting.isPending} data-autofocus>
          {no}
        </Button>
        <Button {...(danger ? { color: 'red' } : {})} loading={acting.isPending} onClick={() => acting.mutate()}>
          {yes}
        </Button>
      </Group>
    </Stack>
  );
}
