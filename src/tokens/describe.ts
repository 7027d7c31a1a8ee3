import type { AvailableToken } from '../contract/command-check.ts';
import type { DeclaredToken } from '../contract/command-type.ts';
import { type ErrandToken, errandTokens, type SourceToken, sourceTokens } from '../contract/tokens.ts';
import { sensitiveNames } from './names.ts';

/** What a template may name, with what may be shown of it. */
export type TokenInventory = {
  commandType: readonly DeclaredToken[];
  variables: readonly { name: string; value: string }[];
  secrets: readonly { name: string; hint: string | null }[];
};

const ofErrand: Readonly<Record<ErrandToken | SourceToken, string>> = {
  'errand.invocationId': "The invocation's id, the same on every attempt.",
  'errand.attempt': "The attempt's number, from 1.",
  'errand.now': 'The time of the attempt, in ISO 8601.',
  'errand.lastSync': "The integration's Last Sync, in ISO 8601; empty if there was none.",
  'errand.since': 'Only in the source of a schedule: since when things changed.',
  'errand.next': 'Only in the source of a schedule: which page is asked for.',
};

/**
 * Every token that a template may name, each name once: a variable or secret hides a declared token of its name. What is
 * declared sensitive is never shown, wherever its value comes from.
 */
export function describeTokens({ commandType, variables, secrets }: TokenInventory): AvailableToken[] {
  const sensitive = sensitiveNames(commandType);
  const described = new Map<string, AvailableToken>();
  const add = (token: Partial<AvailableToken> & Pick<AvailableToken, 'name' | 'from'>) =>
    described.set(token.name, { ...nothingSaid, ...token });
  for (const { name, description = null, example = null, required = false, aliasOf = null } of commandType) {
    const from = 'command-type';
    add({ name, from, description, example, required, sensitive: sensitive.has(name), aliasOf });
  }
  for (const { name, value } of variables) {
    const hidden = sensitive.has(name);
    add({ name, from: 'variable', example: hidden ? null : value, sensitive: hidden });
  }
  for (const { name, hint } of secrets) add({ name, from: 'secret', example: hint, sensitive: true });
  for (const name of [...errandTokens, ...sourceTokens]) add({ name, from: 'errand', description: ofErrand[name] });
  return [...described.values()];
}

const nothingSaid = { description: null, example: null, required: false, sensitive: false, aliasOf: null };
