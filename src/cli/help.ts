import { Option } from 'commander';

/** The examples after a command's help. */
export function examples(...lines: readonly (readonly [command: string, means: string])[]): string {
  const shown = lines.map(([command, means]) => `  $ ${command}${means === '' ? '' : `    # ${means}`}`);
  return `\nExamples:\n${shown.join('\n')}`;
}

export const jsonOption = () => new Option('--json', 'JSON on stdout, for scripts');
