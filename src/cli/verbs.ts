import type { KeyAccounts, Role } from '../contract/api-key.ts';
import type { Lane } from '../contract/lane.ts';
import type { InvokeOptions } from './invoke.ts';

/** What the command line can do; main.ts joins it to the rest. */
export type Verbs = {
  up(): Promise<void>;
  api(): Promise<void>;
  /** Without a lane: both. */
  worker(lane: Lane | undefined): Promise<void>;
  migrate(): Promise<void>;
  demo(options: { once: boolean }): Promise<void>;
  invoke(integration: string, command: string, tokens: Record<string, string>, options: InvokeOptions): Promise<void>;
  keys: {
    create(role: Role, accounts: KeyAccounts, name: string | undefined): Promise<void>;
    list(): Promise<void>;
    revoke(id: string): Promise<void>;
  };
};
