import { Stack, Text } from '@mantine/core';
import type { CommandBody } from '../../../contract/command.ts';
import { TextDiff } from './text-diff.tsx';

type CommandDiffProps = { before: CommandBody; after: CommandBody; label: string };

/** What changed from one command to another: its settings, and the body's text, which is not easily read within them. */
export function CommandDiff({ before, after, label }: CommandDiffProps) {
  const [settingsBefore, settingsAfter] = [settingsOf(before), settingsOf(after)];
  const [bodyBefore, bodyAfter] = [before.request.body ?? '', after.request.body ?? ''];
  if (settingsBefore === settingsAfter && bodyBefore === bodyAfter) {
    return (
      <Text size="sm" c="dimmed">
        No difference.
      </Text>
    );
  }
  return (
    <Stack gap="xs">
      {settingsBefore !== settingsAfter && (
        <TextDiff label={`${label}: settings`} before={settingsBefore} after={settingsAfter} />
      )}
      {bodyBefore !== bodyAfter && (
        <div>
          <Text size="xs" c="dimmed">
            Body
          </Text>
          <TextDiff label={`${label}: body`} before={bodyBefore} after={bodyAfter} />
        </div>
      )}
    </Stack>
  );
}

/** Always in one order, and a header on a line of its own, so that only what differs differs. */
function settingsOf({ request, accept, conditional, timeoutMs, deadlineMs, retry }: CommandBody): string {
  const { method, url, headers = [] } = request;
  const settings = {
    request: { method, url, headers: headers.map(({ key, value }) => `${key}: ${value}`) },
    accept: sorted(accept),
    conditional,
    timeoutMs: sorted(timeoutMs),
    deadlineMs: sorted(deadlineMs),
    retry: sorted(retry),
  };
  return JSON.stringify(settings, null, 2);
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}
