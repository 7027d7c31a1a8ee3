import type { AuditRecord } from '../audit/entry.ts';
import type { KeyAccounts } from '../contract/api-key.ts';
import type { Actor } from '../contract/audit.ts';
import type { Auth, Tls } from '../contract/authentication.ts';
import type { CommandBody } from '../contract/command.ts';
import type { CommandType } from '../contract/command-type.ts';
import type { Failure } from '../contract/errors.ts';
import type { Integration, Limits } from '../contract/integration.ts';
import type { Page, PageQuery } from '../contract/paging.ts';

/** A variable or secret as it is kept. `since` is the configuration version that it came with. */
export type StoredValue = {
  name: string;
  kind: 'variable' | 'secret';
  since: number;
  /** Of a variable. */
  value: string | null;
  /** Of a secret. */
  sealed: string | null;
  hint: string | null;
  /** Of a secret: where requests that use it may go, as `normalHosts` has it; `null`: anywhere. */
  allowedHosts: readonly string[] | null;
  updatedAt: Date;
};

/** A command's current version. A deleted one keeps its number: the next version goes on from there. */
export type StoredCommand = {
  name: string;
  version: number;
  definition: CommandBody;
  /** When it was saved, or deleted. */
  updatedAt: Date;
  savedBy: Actor;
  deleted: boolean;
};

/** A version of a command as it was saved; `current`: it is what the command is now. */
export type StoredVersion = Pick<StoredCommand, 'version' | 'definition' | 'savedBy'> & {
  savedAt: Date;
  current: boolean;
};

/** Times in ISO 8601. `probeInMs`: from the moment of loading on, by the database's clock. */
export type StoredHold = { failure: Failure; since: string; nextProbeAt: string; probeInMs: number };

export type StoredAuthentication = { auth: Auth | null; tls: Tls | null; since: number };

export type StoredIntegration = {
  id: string;
  account: string;
  name: string;
  status: 'active' | 'paused';
  limits: Limits;
  /** The secret whose hint stands for it, saved or not. */
  shownSecret: string | null;
  shownSecretHint: string | null;
  /** With the configuration version that it came with; `null`: there is none. */
  authentication: StoredAuthentication | null;
  configurationVersion: number;
  /** When a person last paused or resumed it. */
  statusSince: Date | null;
  /** Why Errand holds it; `null`: it does not. */
  hold: StoredHold | null;
  lastSyncAt: Date | null;
  lastSyncQuality: Integration['lastSyncQuality'];
  createdAt: Date;
  updatedAt: Date;
  deletedAt: Date | null;
};

/** An integration with everything that is configured for it, of one moment. */
export type StoredConfiguration = {
  integration: StoredIntegration;
  /** The current variables and secrets. */
  values: readonly StoredValue[];
  commands: readonly StoredCommand[];
  /** The types that an admin added. */
  types: readonly CommandType[];
};

/** Of that, what a command or schedule is checked against. */
export type Around = {
  values: readonly Pick<StoredValue, 'name' | 'kind'>[];
  commands: readonly Pick<StoredCommand, 'name' | 'version' | 'definition' | 'deleted'>[];
  types: readonly CommandType[];
};

export type NewValue = Pick<StoredValue, 'name' | 'kind' | 'value' | 'sealed' | 'hint' | 'allowedHosts'>;

/** What is to become of an integration, all at once, as its next configuration version. */
export type Change = {
  /** New fields; brings a deleted one back. */
  integration?: Pick<StoredIntegration, 'account' | 'name' | 'limits' | 'shownSecret'> & {
    auth: Auth | null;
    tls: Tls | null;
  };
  deleted?: true;
  status?: 'active' | 'paused';
  endValues?: readonly string[];
  /** Each ends the current value of its name. */
  beginValues?: readonly NewValue[];
  saveCommand?: { name: string; definition: CommandBody; savedBy: Actor };
  removeCommands?: readonly string[];
  audit: readonly AuditRecord[];
};

export type ChangeOptions = {
  /** Where there is no such integration, one is made, deleted until the change brings it to life. */
  create?: { account: string; name: string };
};

export type IntegrationListFilter = { account?: string; q?: string; status?: 'active' | 'paused' };

/** A command of a type, with the names of the values around it. */
export type CommandUse = {
  integration: string;
  definition: CommandBody;
  variables: readonly string[];
  secrets: readonly string[];
};

export type IntegrationStore = {
  /** One consistent snapshot; also of a deleted integration. */
  load(id: string): Promise<StoredConfiguration | null>;
  /**
   * One transaction: locks the integration, lets `decide` see it as it is, carries out what it answers with the audit
   * entries, and tells every process. `decide` answers `null` to leave all as it is, and throws to refuse.
   *
   * @returns the integration after the change; `null` if there is none.
   */
  change(
    id: string,
    decide: (now: StoredConfiguration | null) => Change | null,
    options?: ChangeOptions,
  ): Promise<StoredConfiguration | null>;
  /** Newest first. */
  page(
    accounts: KeyAccounts,
    filter: IntegrationListFilter,
    query: PageQuery,
  ): Promise<Page<{ integration: StoredIntegration; variables: Record<string, string> }>>;
  /** The versions of a command, newest first, also of a deleted one; without their definitions. */
  versions(id: string, command: string, query: PageQuery): Promise<Page<Omit<StoredVersion, 'definition'>>>;
  version(id: string, command: string, version: number): Promise<StoredVersion | null>;
  types(): Promise<CommandType[]>;
  /** Like `change`, for a command type; no command of any integration is saved in the meantime. */
  changeType(
    name: string,
    decide: (now: { stored: CommandType | null; uses: readonly CommandUse[] }) => AuditRecord | null,
    type: CommandType,
  ): Promise<void>;
};
