import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { ApiError } from '../../../client/errors.ts';
import type { Command } from '../../../contract/command.ts';
import type { PastCommand } from '../../../contract/command-check.ts';
import { client } from '../../client.ts';
import { ErrorNotice } from '../../parts/error-notice.tsx';
import { PageLoading } from '../../parts/page-loading.tsx';
import { When } from '../../parts/when.tsx';
import { commandBody, draftOf } from './draft.ts';
import { useEditor } from './editor-context.ts';
import { actorWords } from './words.ts';

const Difference = lazy(() => import('./command-diff.tsx').then(({ CommandDiff }) => ({ default: CommandDiff })));

type ConflictProps = {
  /** The API's own words. */
  detail: string;
  load: (theirs: Command) => void;
  saveAnyway: (ifVersion: number | null) => void;
  isSaving: boolean;
};

/** Somebody else has saved since this was loaded: nothing is overwritten unseen. */
export function Conflict({ detail, load, saveAnyway, isSaving }: ConflictProps) {
  const { integration, command } = useEditor();
  const theirs = useQuery({
    queryKey: ['command-theirs', integration, command, detail],
    queryFn: ({ signal }) => newest(integration, command, signal),
    gcTime: 0,
  });
  return (
    <Alert
      role="alert"
      color="orange"
      variant="default"
      icon={<IconUsers aria-hidden color="var(--mantine-color-orange-filled)" />}
      title="Not saved: it was changed meanwhile"
    >
      {theirs.isPending && <PageLoading />}
      {theirs.isError && <ErrorNotice error={theirs.error} retry={() => theirs.refetch()} />}
      {theirs.data === null && (
        <Stack gap="xs" align="flex-start">
          <Text size="sm">{detail}</Text>
          <Button size="xs" variant="default" loading={isSaving} onClick={() => saveAnyway(null)}>
            Bring it back with my changes
          </Button>
        </Stack>
      )}
      {theirs.data !== undefined && theirs.data !== null && (
        <Choices theirs={theirs.data} load={load} saveAnyway={saveAnyway} isSaving={isSaving} />
      )}
    </Alert>
  );
}

function Choices({ theirs, load, saveAnyway, isSaving }: Omit<ConflictProps, 'detail'> & { theirs: PastCommand }) {
  const { body } = useEditor();
  const [looking, setLooking] = useState(false);
  return (
    <Stack gap="xs">
      <Text size="sm" component="div">
        {actorWords(theirs.savedBy)} saved version {theirs.version}, <When at={theirs.updatedAt} />. Your changes are
        still in the form.
      </Text>
      <Group gap="xs">
        <Button size="xs" variant="default" aria-expanded={looking} onClick={() => setLooking(!looking)}>
          {looking ? 'Hide the difference' : 'Look at the difference'}
        </Button>
        <Button size="xs" variant="default" onClick={() => load(theirs)}>
          Load theirs, and lose mine
        </Button>
        <Button size="xs" variant="default" loading={isSaving} onClick={() => saveAnyway(theirs.version)}>
          Save mine over theirs
        </Button>
      </Group>
      {looking && (
        <Suspense fallback={<PageLoading />}>
          <Difference label="From theirs to mine" before={commandBody(draftOf(theirs))} after={body} />
        </Suspense>
      )}
    </Stack>
  );
}

/** `null`: it was deleted. */
async function newest(integration: string, command: string, signal: AbortSignal): Promise<PastCommand | null> {
  try {
    const { version } = await client.getCommand(integration, command, { signal });
    return await client.getCommandVersion(integration, command, version, { signal });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}
