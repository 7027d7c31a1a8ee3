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
  modals.open({
    modalId,
    title: question.title,
    closeButtonProps: { 'aria-label': 'Close' },
    children: <Asking {...question} close={() => modals.close(modalId)} />,
  });
}

function Asking({ happens, yes, no = 'Cancel', danger = false, act, close }: Question & { close: () => void }) {
  const acting = useMutation({ mutationFn: act, onSuccess: close });
  return (
    <Stack gap="md">
      <Text component="div" size="sm">
        {happens}
      </Text>
      {acting.isError && <ErrorNotice error={acting.error} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={close}>
          {no}
        </Button>
        <Button {...(danger ? { color: 'red' } : {})} loading={acting.isPending} onClick={() => acting.mutate()}>
          {yes}
        </Button>
      </Group>
    </Stack>
  );
}
