import { Group, Stack, Text } from '@mantine/core';
import { IconPlayerPause } from '@tabler/icons-react';
import type { ErrorCode } from '../../contract/error-catalogue.ts';
import type { Hold } from '../../contract/integration.ts';
import { ExactTime } from './exact-time.tsx';
import { When } from './when.tsx';

const because: Partial<Record<ErrorCode, string>> = {
  timeout: 'their server is too slow',
  'connect-failed': 'their server cannot be reached',
  'dns-failed': 'the host name of their server is not found',
  'protocol-error': 'their server breaks its answers off',
  'tls-failed': 'there is no secure connection to their server',
  'egress-blocked': 'their server has a private or reserved address',
  'unexpected-content': 'their server answers something else than was asked for',
  'secret-unreadable': 'a secret cannot be read',
};

/** What Errand holds an integration for, in a few words, and what was said about it. `null`: it was a person. */
export function heldFor({ reason }: Pick<Hold, 'reason'>): { words: string; message: string } | null {
  if (reason === 'paused') return null;
  const [, code = '', message = reason] = /^([a-z-]+): (.*)$/s.exec(reason) ?? [];
  if (code === 'unexpected-status' && /\b40[137]\b/.test(message)) {
    return { words: 'their server does not take the credentials', message };
  }
  return { words: because[code as ErrorCode] ?? 'their server keeps failing', message };
}

const clock = new Intl.DateTimeFormat('en-US', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const dayAndClock = new Intl.DateTimeFormat('en-US', {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

/** "03:25", with the day where it is another one. */
function clockTime(at: string): string {
  const time = new Date(at);
  return (time.toDateString() === new Date().toDateString() ? clock : dayAndClock).format(time);
}

/** "Paused by Errand: their server keeps failing; next try 03:25". */
export function HoldWords({ hold }: { hold: Hold }) {
  const held = heldFor(hold);
  if (held === null) {
    return (
      <>
        Paused by a person since <ExactTime at={hold.since}>{clockTime(hold.since)}</ExactTime> (
        <When at={hold.since} />)
      </>
    );
  }
  return (
    <>
      Paused by Errand: {held.words}
      {hold.nextProbeAt !== null && (
        <>
          ; next try <ExactTime at={hold.nextProbeAt}>{clockTime(hold.nextProbeAt)}</ExactTime>
        </>
      )}
    </>
  );
}

/** Why an integration's work waits; with what its server said, where there is room for it. */
export function HoldNotice({ hold, whole = false }: { hold: Hold | null; whole?: boolean }) {
  if (hold === null) return null;
  const held = heldFor(hold);
  return (
    <Group gap={6} wrap="nowrap" align="flex-start">
      <IconPlayerPause size={18} color="var(--mantine-color-orange-6)" aria-hidden className="no-shrink" />
      <Stack gap={2}>
        <Text size="sm" fw={500}>
          <HoldWords hold={hold} />
        </Text>
        {whole && held !== null && (
          <Text size="sm" c="dimmed" className="wrap-anywhere">
            {held.message} (since <When at={hold.since} />)
          </Text>
        )}
      </Stack>
    </Group>
  );
}
