import type { EditorView } from '@codemirror/view';
import { Anchor, Stack } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useRef } from 'react';
import { Link, useSearchParams } from 'react-router';
import type { Command } from '../../../contract/command.ts';
import type { CommandType } from '../../../contract/command-type.ts';
import type { Integration } from '../../../contract/integration.ts';
import { Page } from '../../parts/page.tsx';
import { When } from '../../parts/when.tsx';
import { useCan } from '../../session.tsx';
import { Conflict } from './conflict.tsx';
import { DeleteCommand } from './delete-command.tsx';
import { EditorContext } from './editor-context.ts';
import { EditorTabs, tabOf, tabWithProblems } from './editor-tabs.tsx';
import { LeaveGuard } from './leave-guard.tsx';
import { OtherProblems } from './other-problems.tsx';
import { SaveBar } from './save-bar.tsx';
import { useChecking } from './use-checking.ts';
import { type Base, useDraft } from './use-draft.ts';
import { isChangedMeanwhile, useSave } from './use-save.ts';

type EditorProps = { integration: Integration; type: CommandType; saved: Command | null };

export function Editor({ integration, type, saved }: EditorProps) {
  const readOnly = !useCan('commands.write');
  const drafting = useDraft(saved);
  const { draft, body, base, dirty, change } = drafting;
  const checked = useChecking(integration.id, type.name, body);
  // Nobody has done anything wrong with a form that is still empty.
  const untouched = base.version === null && !dirty;
  const checking = untouched ? { ...checked, errors: [], errorsAt: () => [] } : checked;
  const save = useSave(integration.id, type.name, drafting);
  const [search, setSearch] = useSearchParams();
  const leaving = useRef(false);
  const focused = useRef<EditorView>(null);
  const trySave = () => {
    if (readOnly || save.isPending || !dirty) return;
    const wrong = checking.upToDate ? tabWithProblems(checking.errors) : null;
    if (wrong === null) return save.mutate({ draft, ifVersion: base.version });
    search.set('tab', wrong);
    setSearch(search);
  };
  useHotkeys([['mod+S', trySave]], [], true);
  const command = type.name;
  const standardContentTypes = type.result?.contentTypes ?? [];
  const conflict = isChangedMeanwhile(save.error) ? save.error : null;
  return (
    <EditorContext
      value={{
        integration: integration.id,
        command,
        standardContentTypes,
        draft,
        body,
        change,
        checking,
        readOnly,
        focused,
      }}
    >
      <Page
        title={command}
        about={<About integration={integration} base={base} />}
        actions={
          readOnly || base.version === null ? undefined : (
            <DeleteCommand
              integration={integration}
              leave={() => {
                leaving.current = true;
              }}
            />
          )
        }
      >
        <Stack gap="md">
          {conflict !== null && (
            <Conflict
              detail={conflict.problem.detail}
              load={(theirs) => {
                drafting.load(theirs);
                save.reset();
              }}
              saveAnyway={(ifVersion) => save.mutate({ draft, ifVersion })}
              isSaving={save.isPending}
            />
          )}
          <OtherProblems />
          <EditorTabs tab={tabOf(search.get('tab'))} drafting={drafting} />
        </Stack>
        {!readOnly && <SaveBar drafting={drafting} save={save} problems={checking.errors.length} trySave={trySave} />}
        <LeaveGuard dirty={dirty} leaving={leaving} />
      </Page>
    </EditorContext>
  );
}

function About({ integration, base }: { integration: Integration; base: Base }) {
  return (
    <>
      <Anchor component={Link} underline="always" to={`/integrations/${integration.id}`} size="sm">
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
