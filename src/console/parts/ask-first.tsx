import { Button, Group, Stack, Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ErrorNotice } from './error-notice.tsx';

type Question<Result> = {
  /** Names the thing: "Delete Acme invoices". */
  title: string;
  /** What will happen. */
  happens: ReactNode;
  /** The button that does it. */
  yes: string;
  /** The button that does not; default "Cancel". */
  no?: string;
  danger?: boolean;
  act: () => Promise<Result>;
  /** What came of it, in place of the question: what is seen only once. Default: nothing, the question goes away. */
  shows?: (result: Result, close: () => void) => ReactNode;
};

let asked = 0;

/** Asks once before `act`; if that fails, it says so in the same place, and can be tried again. */
export function askFirst<Result>(question: Question<Result>): void {
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

/** A dialog's ways out: while it acts, nobody leaves, for that it failed would be told to nobody. */
export const waysOut = (open: boolean) => ({ closeOnEscape: open, closeOnClickOutside: open, withCloseButton: open });

/** Where the button that asked is gone with what it was about, the page's heading has the focus, not nothing. */
function keepFocus(asker: Element | null): void {
  setTimeout(() => {
    const lost = document.activeElement === null || document.activeElement === document.body;
    if (lost && asker?.isConnected !== true) document.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
  }, dialogGoneMs);
}
/** Longer than a dialog takes to be gone, and to give the focus back. */
const dialogGoneMs = 400;

type AskingProps<Result> = Question<Result> & { close: () => void; lock: (isLocked: boolean) => void };

function Asking<Result>(props: AskingProps<Result>) {
  const { happens, yes, no = 'Cancel', danger = false, act, shows, close, lock } = props;
  const acting = useMutation({
    mutationFn: act,
    onMutate: () => lock(true),
    onSuccess: () => shows === undefined && close(),
    onError: () => lock(false),
  });
  if (acting.isSuccess && shows !== undefined) return shows(acting.data, close);
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
