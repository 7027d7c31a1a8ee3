import { builtInCommandTypes, type DeclaredToken } from '../src/contract/command-type.ts';
import { describeTokens } from '../src/tokens/describe.ts';
import { markdownTable } from './markdown-table.ts';

/** The sections of docs/tokens.md: `built-in command types` and `tokens of Errand`. */
export function tokenTables(name: string): string | undefined {
  if (name === 'built-in command types') {
    const rows = builtInCommandTypes.flatMap(({ name: type, tokens }) => tokens.map((token) => typeRow(type, token)));
    return markdownTable(['command type', 'token', 'meaning'], rows);
  }
  if (name === 'tokens of Errand') {
    const own = describeTokens({ commandType: [], variables: [], secrets: [] });
    return markdownTable(
      ['token', 'value'],
      own.map((token) => [`\`{{${token.name}}}\``, token.description ?? '']),
    );
  }
  return undefined;
}

function typeRow(type: string, { name, description, example, required, sensitive, aliasOf }: DeclaredToken): string[] {
  const meaning =
    aliasOf === undefined
      ? [
          description ?? '',
          ...(example === undefined ? [] : [`E.g. \`${example}\`.`]),
          ...(required === true ? ['Must be given.'] : []),
          ...(sensitive === true ? ['Sensitive.'] : []),
        ].join(' ')
      : `Another spelling of \`{{${aliasOf}}}\`.`;
  return [`\`${type}\``, `\`{{${name}}}\``, meaning];
}
