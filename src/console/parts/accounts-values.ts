import type { KeyAccounts } from '../../contract/api-key.ts';

/** Which accounts something is for, as a form has it. */
export type AccountsValues = { every: 'all' | 'some'; accounts: string[] };

export const accountsValues = (accounts: KeyAccounts): AccountsValues =>
  accounts === '*' ? { every: 'all', accounts: [] } : { every: 'some', accounts: [...accounts] };

export const chosenAccounts = ({ every, accounts }: AccountsValues): KeyAccounts => (every === 'all' ? '*' : accounts);

export const accountsProblem = ({ every, accounts }: AccountsValues): string | null =>
  every === 'some' && accounts.length === 0 ? 'name one at least' : null;

/** The field of a path of the API's errors; `null`: neither of these. */
export const accountsFieldOf = (path: string) => (/^accounts(\.|$)/.test(path) ? 'accounts' : null);
