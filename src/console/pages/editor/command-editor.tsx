import './editor.css';
import { Anchor } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import { ApiError } from '../../../client/errors.ts';
import type { Command } from '../../../contract/command.ts';
import type { CommandType } from '../../../contract/command-type.ts';
import type { Integration } from '../../../contract/integration.ts';
import { client } from '../../client.ts';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Page } from '../../parts/page.tsx';
import { integrationPath } from '../../parts/paths.ts';
import { useCan } from '../../session.tsx';
import { Editor } from './editor.tsx';

type Loading = { integration: Integration; type: CommandType | null; saved: Command | null };

/** One command of one integration: the request, what counts as success, when it is tried, what it was. */
export default function CommandEditor() {
  const { id = '', command = '' } = useParams();
  const loading = useQuery({
    queryKey: ['command-editor', id, command],
    queryFn: ({ signal }) => load(id, command, signal),
    // What is being edited does not change under one's hands; whoever comes again gets it anew.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  if (loading.data === undefined) {
    return (
      <Page title={command}>
        <Loaded query={loading}>{() => null}</Loaded>
      </Page>
    );
  }
  return <Opened key={`${id}/${command}`} id={id} command={command} {...loading.data} />;
}

async function load(id: string, command: string, signal: AbortSignal): Promise<Loading> {
  const [integration, types, saved] = await Promise.all([
    client.getIntegration(id, { signal }),
    client.listCommandTypes({ signal }),
    client.getCommand(id, command, { signal }).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }),
  ]);
  return { integration, type: types.items.find(({ name }) => name === command) ?? null, saved };
}

function Opened({ id, command, integration, type, saved }: Loading & { id: string; command: string }) {
  const mayWrite = useCan('commands.write');
  const back = (
    <Anchor component={Link} underline="always" to={integrationPath(id)}>
      {integration.name}
    </Anchor>
  );
  if (type === null) {
    return (
      <Page title={command} about={back}>
        <Empty title={`There is no command type ${command}`}>
          A command is one that the billing system can ask for. Choose one of them at {back}.
        </Empty>
      </Page>
    );
  }
  if (saved === null && !mayWrite) {
    return (
      <Page title={command} about={back}>
        <Empty title={`${command} is not configured for ${integration.name}`}>
          A configurer or an admin can configure it.
        </Empty>
      </Page>
    );
  }
  return <Editor integration={integration} type={type} saved={saved} />;
}
