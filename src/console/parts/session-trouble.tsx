import { Affix, Alert, Anchor, Button, Group, Text } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { inPortal } from '../client.ts';

type TroubleProps = { trouble: 'signed-out' | 'outage'; retry: () => unknown };

/** Stays over the page, which stays as it is: what was typed there is not lost. */
export function SessionTrouble({ trouble, retry }: TroubleProps) {
  return (
    <Affix position={{ bottom: 16, left: 16 }} maw="calc(100vw - 32px)" w={420} zIndex={500}>
      <Alert
        role="alert"
        color="red"
        variant="outline"
        bg="var(--mantine-color-body)"
        icon={<IconPlugConnectedX aria-hidden />}
        title={trouble === 'outage' ? 'Errand does not answer' : 'You are signed out'}
      >
        <Group gap="xs">
          <Text size="sm">{trouble === 'outage' ? outage : inPortal ? portalOver : signedOut}</Text>
          {trouble === 'signed-out' && !inPortal && (
            <Anchor href="/sign-in" target="_blank" size="sm">
              Sign in again (in a new tab)
            </Anchor>
          )}
          <Button size="xs" variant="default" onClick={() => retry()}>
            {trouble === 'outage' ? 'Try again' : 'Go on'}
          </Button>
        </Group>
      </Alert>
    </Affix>
  );
}

const outage = 'What is shown may be old. It is tried again by itself; what you have typed stays.';
const signedOut = 'What you have typed is still here: sign in again, and go on.';
const portalOver = 'Your session is over: open your integrations again from where you came. Copy what you have typed.';
