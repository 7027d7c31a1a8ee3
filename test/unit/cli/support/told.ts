import { checkSecrets, checkWanted } from '../../../../src/cli/as-code/check.ts';
import type { Current } from '../../../../src/cli/as-code/current.ts';
import { readWanted } from '../../../../src/cli/as-code/read.ts';

const nothing: Current = { accounts: '*', types: [], integrations: new Map() };

/** All that is told of these files, as `line:column path`, and the messages. */
export function told(...texts: string[]) {
  const { wanted, mistakes } = readWanted(texts.map((text, index) => ({ path: `${index}`, text })));
  const all = [
    ...mistakes,
    ...checkSecrets(wanted, { KEY: 'long-enough' }),
    ...checkWanted(wanted, nothing, { prune: true }),
  ];
  const inOrder = all.toSorted((one, other) => one.place.localeCompare(other.place, 'en', { numeric: true }));
  return {
    at: inOrder.map(({ place, path }) => `${place} ${path}`.trim()),
    messages: inOrder.map(({ message }) => message),
  };
}

/** An integration with these fields, from line 4 on. */
export const acme = (fields: string) => `integrations:\n  acme:\n    name: Acme\n${fields}`;
