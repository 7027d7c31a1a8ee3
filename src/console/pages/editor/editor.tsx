import type { EditorView } from '@codemirror/view';
import { Anchor, Stack } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useRef } from 'react';
import { Link, useSearchParams } from 'react-router';
import type { Command } from '../../../contract/command.ts';
import type { CommandType } from '../../../contract/command-type.ts';
import type { Integration } from '../../../contract/integration.ts';
import { LeaveGuard } from '../../parts/leave-guard.tsx';
import { Page } from '../../parts/page.tsx';
import { integrationPath } from '../../parts/paths.ts';
import { When } from '../../parts/when.tsx';
import { useCan } from '../../session.tsx';
import { Conflict } from './conflict.tsx';
import { DeleteCommand } from './delete-command.tsx';
import { EditorContext, type EditorState } from './editor-context.ts';
import { EditorTabs, tabOf, tabWithProblems } from './editor-tabs.tsx';
import { OtherProblems } from './other-problems.tsx';
import { SaveBar } from './save-bar.tsx';
import { useChecking } from './use-checking.ts';
import { type Base, type Drafting, useDraft } from './use-draft.ts';
import { isChangedMeanwhile, type Save, useSave } from './use-save.ts';

type EditorProps = { integration: Integration; type: CommandType; saved: Command | null };

/** What is being edited, and the way to save it. */
function useEditing({ integration, type, saved }: EditorProps) {
  const readOnly = !useCan('commands.write');
  const drafting = useDraft(saved);
  const { draft, body, base, dirty, change } = drafting;
  const checked = useChecking(integration.id, type.name, body);
  // Nobody has done anything wrong with a form that is still empty.
  const untouched = base.version === null && !dirty;
  const checking = untouched ? { ...checked, errors: [], errorsAt: () => [] } : checked;
  const save = useSave(integration.id, type.name, drafting);
  const focused = useRef<EditorView>(null);
  const [search, setSearch] = useSearchParams();
  const trySave = () => {
    if (readOnly || save.isPending || !dirty) return;
    const wrong = checking.upToDate ? tabWithProblems(checking.errors) : null;
    if (wrong === null) return save.mutate({ draft, ifVersion: base.version });
    search.set('tab', wrong);
    setSearch(search);
  };
  useHotkeys([['mod+S', trySave]], [], true);
  const state: EditorState = {
    integration: integration.id,
    command: type.name,
    standardContentTypes: type.result?.contentTypes ?? [],
    draft,
    body,
    change,
    checking,
    readOnly,
    focused,
  };
  return { state, drafting, save, trySave, tab: tabOf(search.get('tab')) };
}

export function Editor(props: EditorProps) {
  const { integration, type } = props;
  const { state, drafting, save, trySave, tab } = useEditing(props);
  const { base, dirty } = drafting;
  const { checking, readOnly } = state;
  const leaving = useRef(false);
  const leave = () => {
    leaving.current = true;
  };
  const mayDelete = !readOnly && base.version !== null;
  return (
    <EditorContext value={state}>
      <Page
        title={type.name}
        about={<About integration={integration} base={base} />}
        actions={mayDelete ? <DeleteCommand integration={integration} leave={leave} /> : undefined}
      >
        <Stack gap="md">
          <ChangedMeanwhile drafting={drafting} save={save} />
          <OtherProblems />
          <EditorTabs tab={tab} drafting={drafting} />
        </Stack>
        {!readOnly && <SaveBar drafting={drafting} save={save} problems={checking.errors.length} trySave={trySave} />}
        <LeaveGuard dirty={dirty} what="this command" keptByTabs leaving={leaving} />
      </Page>
    </EditorContext>
  );
}

function ChangedMeanwhile({ drafting: { draft, load }, save }: { drafting: Drafting; save: Save }) {
  if (!isChangedMeanwhile(save.error)) return null;
  return (
    <Conflict
      detail={save.error.problem.detail}
      load={(theirs) => {
        load(theirs);
        save.reset();
      }}
      saveAnyway={(ifVersion) => save.mutate({ draft, ifVersion })}
      isSaving={save.isPending}
    />
  );
}

function About({ integration, base }: { integration: Integration; base: Base }) {
  return (
    <>
      <Anchor component={Link} underline="always" to={integrationPath(integration.id)} size="sm">
        {integration.name}
      </Anchor>
      {base.savedAt === null ? (
        ' · not configured yet'
      ) : (
        <>
          {` · version ${base.version}, saved `}
          <When at={base.savedAt} />
        </>
      )}
    </>
  );
}
