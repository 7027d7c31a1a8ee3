import { Button, Group, Stack, Text } from '@mantine/core';
import { ErrorNotice } from '../../parts/error-notice.tsx';
import { many } from '../../parts/measures.ts';
import type { Drafting } from './use-draft.ts';
import { isChangedMeanwhile, type Save } from './use-save.ts';

type SaveBarProps = { drafting: Drafting; save: Save; problems: number; trySave: () => void };

/** Always in sight: whether there is something to save. */
export function SaveBar({ drafting: { base, dirty, discard }, save, problems, trySave }: SaveBarProps) {
  return (
    <section className="editor-bar" aria-label="Save">
      <Stack gap="xs">
        {save.isError && !isChangedMeanwhile(save.error) && <ErrorNotice error={save.error} />}
        <Group justify="space-between" gap="xs">
          <Text size="sm" role="status">
            {stateWords(dirty, base.version, problems, save)}
          </Text>
          <Group gap="xs">
            {dirty && (
              <Button
                variant="default"
                onClick={() => {
                  discard();
                  save.reset();
                }}
              >
                Discard changes
              </Button>
            )}
            <Button onClick={trySave} loading={save.isPending} disabled={!dirty}>
              Save
            </Button>
          </Group>
        </Group>
      </Stack>
    </section>
  );
}

function stateWords(dirty: boolean, version: number | null, problems: number, { isPending, isSuccess }: Save): string {
  if (isPending) return 'Saving…';
  if (dirty && problems > 0)
    return `Unsaved changes; ${many(problems, 'thing has', 'things have')} to be put right first`;
  if (dirty) return 'Unsaved changes';
  if (version === null) return 'Nothing to save yet';
  return isSuccess ? `Saved as version ${version}` : 'No unsaved changes';
}
