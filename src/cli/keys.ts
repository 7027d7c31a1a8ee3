import { uuidv7 } from 'uuidv7';
import { type Access, createAccess } from '../access/access.ts';
import { system } from '../audit/entry.ts';
import { type ApiKey, type KeyAccounts, keyAccountsSchema, type Role } from '../contract/api-key.ts';
import { lineOfText } from '../contract/names.ts';
import { type Environment, loadConfig } from '../platform/config.ts';
import { createKeyStore } from '../store/api-keys.ts';
import { CliFailure, exitCodes } from './failure.ts';
import { printJson, printLine, tell } from './output.ts';
import { type RotateOptions, rotateSecrets } from './rotate-secrets.ts';
import { withDatabase } from './with-database.ts';

export type NewKeyOptions = {
  role: Role;
  accounts: KeyAccounts;
  name: string | undefined;
  expiresAt: string | undefined;
  json: boolean;
};

export type KeyVerbs = {
  create(options: NewKeyOptions): Promise<void>;
  list(options: { json: boolean }): Promise<void>;
  revoke(id: string, options: { json: boolean }): Promise<void>;
  rotateSecrets(options: RotateOptions): Promise<void>;
};

const everything: { actor: typeof system; accounts: KeyAccounts } = { actor: system, accounts: '*' };

/** `errand keys …`: on the database itself, so that the first key can be made before anybody has one. */
export function createKeyVerbs(env: Environment): KeyVerbs {
  return {
    async create({ role, accounts, name, expiresAt, json }) {
      if (!keyAccountsSchema.safeParse(accounts).success || !lineOfText(200).optional().safeParse(name).success) {
        throw new CliFailure(exitCodes.usage, 'accounts and names are one line of 1 to 200 characters.');
      }
      const made = await withAccess(env, (access) => access.create(everything, { role, accounts, name, expiresAt }));
      if (json) return printJson(made);
      const expiry = made.expiresAt === null ? '' : `, until ${made.expiresAt}`;
      tell(
        `Key ${made.id}, ${role}, for ${accounts === '*' ? 'all accounts' : accounts.join(', ')}${expiry}. Shown once:`,
      );
      return printLine(made.key);
    },
    async list({ json }) {
      const keys = await withAccess(env, everyKey);
      if (json) return printJson(keys);
      if (keys.length === 0) tell('There are no keys but the one in ERRAND_ADMIN_KEY or the data directory.');
      for (const key of keys) await printLine(describe(key));
    },
    async revoke(id, { json }) {
      await withAccess(env, (access) => access.revoke(everything, id));
      if (json) return printJson({ id, revoked: true });
      tell(`Key ${id} is revoked.`);
    },
    rotateSecrets: (options) => rotateSecrets(env, options),
  };
}

function describe({ id, role, accounts, name, expiresAt, lastUsedAt, revokedAt }: ApiKey): string {
  const state = revokedAt !== null ? `revoked ${revokedAt}` : `last used ${lastUsedAt ?? 'never'}`;
  const expiry = expiresAt === null ? '' : `  expires ${expiresAt}`;
  return `${id}  ${role.padEnd(10)}  ${accounts === '*' ? '*' : accounts.join(',')}  ${state}${expiry}  ${name ?? ''}`.trimEnd();
}

async function everyKey(access: Access): Promise<ApiKey[]> {
  const keys: ApiKey[] = [];
  let cursor: string | undefined;
  do {
    const page = await access.list(everything, { limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    keys.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return keys;
}

function withAccess<Answer>(env: Environment, work: (access: Access) => Promise<Answer>): Promise<Answer> {
  return withDatabase(loadConfig(env, { role: 'keys' }), (pool) =>
    work(createAccess({ store: createKeyStore(pool), adminKey: null, now: Date.now, newId: () => uuidv7() })),
  );
}
