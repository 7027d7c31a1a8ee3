import { Paper, SegmentedControl, Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';
import { client } from '../../client.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { CommandDiff } from './command-diff.tsx';
import { commandBody, draftOf } from './draft.ts';
import { useEditor } from './editor-context.ts';

/** What is different between a version and the form, or the current version. */
export function VersionDiff({ version, current }: { version: number; current: number | null }) {
  const { body, readOnly } = useEditor();
  const [search, setSearch] = useSearchParams();
  const against = current !== null && (readOnly || search.get('against') === 'current') ? 'current' : 'draft';
  const past = useVersion(version);
  const choose = (to: string) =>
    setSearch((before) => {
      before.set('against', to);
      return before;
    });
  const title =
    against === 'draft' ? `From version ${version} to the form` : `From version ${version} to the current one`;
  return (
    <Paper withBorder p="md">
      <Stack gap="sm">
        <Title order={2} size="h4">
          {title}
        </Title>
        {!readOnly && current !== null && (
          <SegmentedControl
            aria-label="Compare with"
            size="xs"
            style={{ alignSelf: 'flex-start' }}
            value={against}
            onChange={choose}
            data={[
              { value: 'draft', label: 'The form' },
              { value: 'current', label: `The current version, ${current}` },
            ]}
          />
        )}
        <Loaded query={past}>
          {(before) =>
            against === 'draft' || current === null ? (
              <CommandDiff label={title} before={before} after={body} />
            ) : (
              <AgainstVersion label={title} before={before} version={current} />
            )
          }
        </Loaded>
      </Stack>
    </Paper>
  );
}

function AgainstVersion({
  before,
  version,
  label,
}: {
  before: ReturnType<typeof commandBody>;
  version: number;
  label: string;
}) {
  const after = useVersion(version);
  return <Loaded query={after}>{(body) => <CommandDiff label={label} before={before} after={body} />}</Loaded>;
}

/** A version never changes. As the form would write it, so that only what means something else differs. */
function useVersion(version: number) {
  const { integration, command } = useEditor();
  return useQuery({
    queryKey: ['command-version', integration, command, version],
    queryFn: async ({ signal }) =>
      commandBody(draftOf(await client.getCommandVersion(integration, command, version, { signal }))),
    staleTime: Number.POSITIVE_INFINITY,
  });
}
