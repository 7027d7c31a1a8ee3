import type { Command, CommandBody } from '../contract/command.ts';
import type {
  CommandCheck,
  CommandCheckBody,
  CommandVersion,
  DryRun,
  DryRunBody,
  PastCommand,
} from '../contract/command-check.ts';
import type { CommandPreview, CommandTest, CommandTestBody } from '../contract/command-test.ts';
import type { CommandType, CommandTypeBody } from '../contract/command-type.ts';
import type { Page } from '../contract/paging.ts';
import { at, json, type ListQuery, withQuery } from './address.ts';
import type { CallOptions, Transport } from './transport.ts';

/** Calls for commands, their versions and their types. */
export function commandCalls({ send }: Transport) {
  const command = (id: string, name: string, ...rest: string[]) => at('integrations', id, 'commands', name, ...rest);
  return {
    listCommands: (id: string, { signal, ...query }: CallOptions & ListQuery = {}) =>
      json<Page<Command>>(send('GET', withQuery(at('integrations', id, 'commands'), query), { signal })),
    getCommand: (id: string, name: string, call?: CallOptions) => json<Command>(send('GET', command(id, name), call)),
    /**
     * @param options `ifVersion`: only if that is still its version; `null`: only if it is not there
     * @throws ApiError `changed-meanwhile` if that is not so any more
     */
    putCommand: (
      id: string,
      name: string,
      body: CommandBody,
      { ifVersion, ...call }: CallOptions & { ifVersion?: number | null | undefined } = {},
    ) => {
      return json<Command>(send('PUT', command(id, name), { ...call, headers: savedOnTopOf(ifVersion), body }));
    },
    /** What is wrong with a draft, what its tokens are, and when it would be tried. */
    checkCommand: (id: string, name: string, body: CommandCheckBody, call?: CallOptions) =>
      json<CommandCheck>(send('POST', command(id, name, 'check'), { ...call, body, repeatable: true })),
    /** What a draft would change in the requests of its newest invocations; sends nothing. */
    dryRunCommand: (id: string, name: string, body: DryRunBody, call?: CallOptions) =>
      json<DryRun>(send('POST', command(id, name, 'dry-run'), { ...call, body })),
    listCommandVersions: (id: string, name: string, query: ListQuery = {}, call?: CallOptions) =>
      json<Page<CommandVersion>>(send('GET', withQuery(command(id, name, 'versions'), query), call)),
    getCommandVersion: (id: string, name: string, version: number, call?: CallOptions) =>
      json<PastCommand>(send('GET', command(id, name, 'versions', String(version)), call)),
    deleteCommand: async (id: string, name: string, call?: CallOptions) =>
      void (await send('DELETE', command(id, name), call)),
    /** The request as it would be sent, secrets masked; sends nothing. @throws ApiError `invalid` if it cannot be rendered */
    previewCommand: (id: string, name: string, body: CommandTestBody = {}, call?: CallOptions) =>
      json<CommandPreview>(send('POST', command(id, name, 'preview'), { ...call, body })),
    /** Sends once, and says how the answer would be judged; no invocation comes of it. */
    testCommand: (id: string, name: string, body: CommandTestBody = {}, call?: CallOptions) =>
      json<CommandTest>(send('POST', command(id, name, 'test'), { ...call, body })),
    listCommandTypes: ({ signal, ...query }: CallOptions & ListQuery = {}) =>
      json<Page<CommandType>>(send('GET', withQuery(at('command-types'), query), { signal })),
    putCommandType: (name: string, body: CommandTypeBody, call?: CallOptions) =>
      json<CommandType>(send('PUT', at('command-types', name), { ...call, body })),
  };
}

function savedOnTopOf(version: number | null | undefined): Record<string, string> {
  if (version === undefined) return {};
  return version === null ? { 'if-none-match': '*' } : { 'if-match': `"${version}"` };
}
