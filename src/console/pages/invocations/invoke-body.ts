import type { CommandType } from '../../../contract/command-type.ts';
import type { InvocationBody } from '../../../contract/invocation.ts';
import type { Lane } from '../../../contract/lane.ts';

export type InvokeValues = {
  integration: string;
  command: string;
  lane: Lane;
  reference: string;
  tokens: { name: string; value: string; declared: boolean; required: boolean; sensitive: boolean; about: string }[];
};

/** A row for each value that the command type asks for; what was typed stays. */
export function rowsOf(type: CommandType | undefined, before: InvokeValues['tokens']): InvokeValues['tokens'] {
  const typed = new Map(before.map(({ name, value }) => [name, value]));
  const declared = type?.tokens.filter(({ aliasOf }) => aliasOf === undefined) ?? [];
  if (type === undefined) return before.length > 0 ? before.map((row) => ({ ...row, declared: false })) : [emptyRow];
  return declared.map(({ name, required = false, sensitive = false, description, example }) => ({
    name,
    value: typed.get(name) ?? '',
    declared: true,
    required,
    sensitive,
    about: [description, example !== undefined && `Such as ${example}.`].filter(Boolean).join(' '),
  }));
}

export const emptyRow = { name: '', value: '', declared: false, required: false, sensitive: false, about: '' };

export function bodyOf({ integration, command, lane, reference, tokens }: InvokeValues): InvocationBody {
  const given = tokens.filter(({ name, value }) => name.trim() !== '' && value !== '');
  return {
    integration: integration.trim(),
    command: command.trim(),
    lane,
    tokens: Object.fromEntries(given.map(({ name, value }) => [name.trim(), value])),
    ...(reference.trim() === '' ? {} : { reference: reference.trim() }),
  };
}

/** The form's field for a path of the API; `null`: it has none. */
export function fieldOf(path: string, { tokens }: Pick<InvokeValues, 'tokens'>): string | null {
  if (['integration', 'command', 'lane', 'reference'].includes(path)) return path;
  const row = tokens.findIndex(({ name }) => path === `tokens.${name.trim()}`);
  return row === -1 ? null : `tokens.${row}.value`;
}
