import type { Command, Option } from 'commander';
import { createProgram } from '../src/cli/program.ts';
import type { Verbs } from '../src/cli/verbs.ts';
import { markdownTable } from './markdown-table.ts';

/** The sections `errand batch`, `errand keys create`, … of docs/cli.md: a command's arguments and options, from the program. */
export function cliOptions(name: string): string | undefined {
  const command = commands().get(name);
  if (command === undefined) return undefined;
  const rows = [
    ...command.registeredArguments.map((argument) => [
      `\`${argument.required ? `<${argument.name()}>` : `[${argument.name()}${argument.variadic ? '...' : ''}]`}\``,
      argument.description,
    ]),
    ...command.createHelp().visibleOptions(command).filter(isOwn).map(optionRow),
  ];
  return markdownTable([`\`${name}\``, 'meaning'], rows.map(escaped));
}

/** The commands that do something, by how they are called. */
export function commands(): ReadonlyMap<string, Command> {
  const found = new Map<string, Command>();
  const visit = (command: Command, path: string) => {
    if (command.commands.length === 0) found.set(path, command);
    for (const child of command.commands) visit(child, `${path} ${child.name()}`);
  };
  // Made to be read, never to be run: it needs nothing that it could call.
  visit(createProgram({} as Verbs), 'errand');
  return found;
}

const isOwn = ({ long }: Option) => long !== '--help';

function optionRow(option: Option): string[] {
  const { flags, description, argChoices, defaultValue, mandatory } = option;
  const notes = [
    ...(argChoices === undefined ? [] : [`one of ${argChoices.map((choice) => `\`${choice}\``).join(', ')}`]),
    ...(defaultValue === undefined ? [] : [`default: \`${String(defaultValue)}\``]),
    ...(mandatory ? ['must be given'] : []),
  ];
  return [`\`${flags}\``, [description, ...notes].join('; ')];
}

/** A bar would end the cell. */
const escaped = (cells: string[]) => cells.map((cell) => cell.replaceAll('|', '\\|'));
