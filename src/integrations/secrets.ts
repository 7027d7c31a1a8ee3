import type { AuditRecord } from '../audit/entry.ts';
import { normalHosts } from '../contract/allowed-hosts.ts';
import type { KeyAccounts } from '../contract/api-key.ts';
import type { Actor } from '../contract/audit.ts';
import { minHintedSecretLength, minSecretLength, type Secret, type SecretBody } from '../contract/integration.ts';
import { tokenNameProblem } from '../contract/names.ts';
import type { Page, PageQuery } from '../contract/paging.ts';
import { Refusal } from '../contract/problem.ts';
import { refuseUsedSecret } from './authentication/check.ts';
import { refuseBreaking, refuseTakenNames } from './clashes.ts';
import { type Cursors, paginate } from './paginate.ts';
import { requireIntegration } from './scope.ts';
import { secretContext } from './secret-context.ts';
import type { IntegrationStore, StoredConfiguration, StoredValue } from './stored.ts';

export type SecretDependencies = {
  store: IntegrationStore;
  sealer: { seal(plaintext: string, context: string): string };
  cursors: Cursors;
};

/** Values that go in and never come out. */
export function createSecretUses({ store, sealer, cursors }: SecretDependencies) {
  return {
    /** @throws Refusal `not-found` */
    async list(scope: KeyAccounts, id: string, query: PageQuery): Promise<Page<Secret>> {
      const { values } = requireIntegration(scope, id, await store.load(id));
      return paginate(values.filter(isSecret).map(present), query, cursors);
    },

    /**
     * Saves or replaces a secret, with the hosts that it may be sent to. Whether the value is the one it had is not
     * compared: it always is a new version.
     *
     * @throws Refusal `not-found` (the integration), `invalid` (the name or the value), `conflict` (the name is a
     * variable, or a token of a configured command).
     */
    async put(scope: KeyAccounts, actor: Actor, id: string, name: string, body: SecretBody): Promise<Secret> {
      const { value } = body;
      const allowedHosts = body.allowedHosts === undefined ? null : normalHosts(body.allowedHosts);
      checkSecret(name, value);
      const sealed = sealer.seal(value, secretContext(id, name));
      const stored = await store.change(id, (now) => {
        const current = requireIntegration(scope, id, now);
        const existing = current.values.find((one) => one.name === name);
        if (existing?.kind === 'variable') {
          const errors = [{ path: 'name', message: `"${name}" is a variable of this integration` }];
          throw new Refusal('conflict', 'A name is a variable or a secret, not both.', errors);
        }
        if (existing === undefined) refuseTakenNames(current, [name], () => 'name');
        const after = { hint: hintOf(value), allowedHosts };
        const details = { before: existing === undefined ? null : shown(existing), after };
        return {
          beginValues: [{ name, kind: 'secret', value: null, sealed, ...after }],
          audit: [entry(current, actor, 'secret.saved', name, details)],
        };
      });
      const saved = stored?.values.find((one) => one.name === name);
      if (saved === undefined) throw new Error(`secret ${id}/${name} was saved and is not there`);
      return present(saved);
    },

    /** @throws Refusal `not-found`, `conflict` (a command uses it, or the integration's authentication). */
    async remove(scope: KeyAccounts, actor: Actor, id: string, name: string): Promise<void> {
      await store.change(id, (now) => {
        const current = requireIntegration(scope, id, now);
        const before = current.values.find((one) => isSecret(one) && one.name === name);
        if (before === undefined) {
          throw new Refusal('not-found', `Integration "${id}" has no secret "${name}".`);
        }
        const left = current.values.filter((one) => one.name !== name);
        refuseBreaking(current, left, [name]);
        refuseUsedSecret(current, name);
        return { endValues: [name], audit: [entry(current, actor, 'secret.deleted', name, { before: shown(before) })] };
      });
    },
  };
}

/** What an audit entry may tell of a secret. */
const shown = ({ hint, allowedHosts }: StoredValue) => ({ hint, allowedHosts });

function isSecret({ kind }: StoredValue): boolean {
  return kind === 'secret';
}

function present({ name, hint, allowedHosts, updatedAt }: StoredValue): Secret {
  return { name, hint, allowedHosts: allowedHosts && [...allowedHosts], updatedAt: updatedAt.toISOString() };
}

function checkSecret(name: string, value: string): void {
  const problem = tokenNameProblem(name);
  if (problem !== null) throw new Refusal('invalid', 'The name cannot be used.', [{ path: 'name', message: problem }]);
  if (value.length < minSecretLength) {
    const message = `must hold at least ${minSecretLength} characters: shorter ones cannot be kept out of records reliably`;
    throw new Refusal('invalid', 'The value cannot be used.', [{ path: 'value', message }]);
  }
}

/** `gckQ...taJ9`: enough to tell two keys apart; `null`: it is too short for that. */
export function hintOf(value: string): string | null {
  const characters = Array.from(value);
  // Every key in PEM begins and ends alike.
  if (characters.length < minHintedSecretLength || value.startsWith('-----BEGIN')) return null;
  return `${characters.slice(0, 4).join('')}...${characters.slice(-4).join('')}`;
}

function entry(
  { integration }: StoredConfiguration,
  actor: Actor,
  action: AuditRecord['action'],
  name: string,
  details: Record<string, unknown>,
): AuditRecord {
  const subject = { type: 'secret', id: `${integration.id}/${name}` };
  return { account: integration.account, actor, action, subject, details };
}
