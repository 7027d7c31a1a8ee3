import { Badge, Button, Group, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';
import type { CommandVersion } from '../../../contract/command-check.ts';
import { client } from '../../client.ts';
import { askFirst } from '../../parts/ask-first.tsx';
import { Empty } from '../../parts/empty.tsx';
import { ErrorNotice } from '../../parts/error-notice.tsx';
import { PagesOf, usePages } from '../../parts/pages-of.tsx';
import { When } from '../../parts/when.tsx';
import { type Draft, draftOf } from './draft.ts';
import { useEditor } from './editor-context.ts';
import { VersionDiff } from './version-diff.tsx';
import { actorWords } from './words.ts';

type HistoryProps = {
  /** Puts a version into the form. */
  restore: (draft: Draft) => void;
  dirty: boolean;
};

/** Every version that was saved, what is different in it, and the way back to it. */
export default function History({ restore, dirty }: HistoryProps) {
  const { integration, command } = useEditor();
  const [search] = useSearchParams();
  const pages = usePages({
    queryKey: ['command-versions', integration, command],
    fetchPage: (cursor, signal) =>
      client.listCommandVersions(integration, command, cursor === undefined ? {} : { cursor }, { signal }),
  });
  const compared = Number(search.get('version'));
  return (
    <Stack gap="md">
      <PagesOf pages={pages}>
        {(versions) =>
          versions.length === 0 ? (
            <Empty title="Nothing was saved yet">Each time that the command is saved makes a version.</Empty>
          ) : (
            <>
              <Versions versions={versions} restore={restore} dirty={dirty} />
              {compared > 0 && (
                <VersionDiff
                  key={compared}
                  version={compared}
                  current={versions.find(({ current }) => current)?.version ?? null}
                />
              )}
            </>
          )
        }
      </PagesOf>
    </Stack>
  );
}

function Versions({ versions, restore, dirty }: HistoryProps & { versions: CommandVersion[] }) {
  const { integration, command, readOnly } = useEditor();
  const [, setSearch] = useSearchParams();
  const compare = (version: number) =>
    setSearch((search) => {
      search.set('version', String(version));
      return search;
    });
  const load = async (version: number) =>
    restore(draftOf(await client.getCommandVersion(integration, command, version)));
  const restoring = useMutation({ mutationFn: load });
  const ask = (version: number) => {
    if (!dirty) return restoring.mutate(version);
    askFirst({
      title: `Put version ${version} into the form?`,
      happens: 'What you have changed and not saved is replaced by it.',
      yes: `Restore version ${version}`,
      no: 'Keep my changes',
      act: () => load(version),
    });
  };
  return (
    <>
      {restoring.isError && <ErrorNotice error={restoring.error} />}
      {!readOnly && (
        <Text size="sm" c="dimmed">
          Restore puts a version into the form; saving that makes a new one. Nothing is ever lost from here.
        </Text>
      )}
      <ul className="editor-versions" aria-label="Versions">
        {versions.map((one) => (
          <VersionRow
            key={one.version}
            version={one}
            compare={() => compare(one.version)}
            restore={readOnly ? null : () => ask(one.version)}
            restoring={restoring.isPending && restoring.variables === one.version}
          />
        ))}
      </ul>
    </>
  );
}

type VersionRowProps = {
  version: CommandVersion;
  compare: () => void;
  restore: (() => void) | null;
  restoring: boolean;
};

function VersionRow({ version: { version, savedAt, savedBy, current }, compare, restore, restoring }: VersionRowProps) {
  return (
    <Group component="li" justify="space-between" gap="xs">
      <Group gap="xs">
        <Text fw={600} size="sm">
          Version {version}
        </Text>
        {current && <Badge variant="light">current</Badge>}
        <Text size="sm" component="div" className="wrap-anywhere">
          saved <When at={savedAt} /> by {actorWords(savedBy)}
        </Text>
      </Group>
      <Group gap="xs">
        <Button size="compact-sm" variant="default" aria-label={`Compare version ${version}`} onClick={compare}>
          Compare
        </Button>
        {restore !== null && (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`Restore version ${version}`}
            loading={restoring}
            onClick={restore}
          >
            Restore
          </Button>
        )}
      </Group>
    </Group>
  );
}
